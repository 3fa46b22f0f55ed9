import base64
import stat

from portal.embedded import keys


def test_keys_are_made_once_for_their_owner_only(tmp_path):
    file = tmp_path / "keys.json"
    made = keys.load(file, {})
    assert len(base64.b64decode(made["SLUICE_KEY_RING"], validate=True)) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keys.load(file, {}) == made


def test_a_key_of_the_environment_is_used_and_not_kept(tmp_path):
    file = tmp_path / "keys.json"
    made = keys.load(file, {})
    assert keys.load(file, {"SLUICE_KEY_RING": "theirs"}) == {**made, "SLUICE_KEY_RING": "theirs"}
    assert keys.load(file, {}) == made


def test_a_private_file_replaces_one_that_others_could_read(tmp_path):
    file = tmp_path / "up.json"
    file.write_text("old")
    keys.write_private(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
