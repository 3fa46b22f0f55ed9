import json
import stat
from dataclasses import replace

from portal.demonstration import issued
from portal.demonstration.issued import Account, Issued, IssuedApp

ISSUED = Issued(
    "slm_x", (Account("publisher", "publisher@demo.example", "secret"),), (IssuedApp("Tracker", "slk_y"),)
)


def test_what_is_written_is_read_again(tmp_path):
    file = tmp_path / "up.json"
    before = replace(issued.read(file), addresses={"portal": "http://localhost:3000"}, issued=ISSUED)
    before.write()
    assert issued.read(file) == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_file_has_the_documented_keys(tmp_path):
    file = tmp_path / "up.json"
    replace(
        issued.read(file),
        addresses={"portal": "p", "gateway": "g", "kafka": "k", "receiver": {}},
        issued=ISSUED,
    ).write()
    facts = json.loads(file.read_text())
    assert set(facts) == {"portal", "gateway", "kafka", "receiver", "management_key", "accounts", "apps"}
    assert facts["accounts"] == [
        {"role": "publisher", "email": "publisher@demo.example", "password": "secret"}
    ]
    assert facts["apps"] == [{"name": "Tracker", "key": "slk_y"}]


def test_what_is_not_known_is_empty():
    assert ISSUED.password("nobody@demo.example") == ""
    assert ISSUED.key("Other") == ""
