"""Which step fails, by the accidents that receivers have."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.signature_check import CheckStep, check_pasted, check_signature, pasted_headers
from webhooks.signing import HmacKey, generate_secret, secret_key, sign

NOW = 1_700_000_000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"id":7,"name":"J\xc3\xb6rg"}'


def signed(body=BODY, key=None, timestamp=NOW):
    """The headers of a message that was signed with a key."""
    signature = sign([HmacKey(key or secret_key(SECRET))], b"msg_1", str(timestamp).encode(), body).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(timestamp), "webhook-signature": signature}


def failed(findings):
    return [finding.step for finding in findings if not finding.passed]


def test_an_unaltered_message_passes_every_step():
    findings = check_signature(signed(), BODY, SECRET, NOW)
    assert failed(findings) == []
    assert [finding.step for finding in findings] == list(CheckStep)


@given(st.binary(max_size=200), st.integers(-300, 300))
def test_whatever_was_signed_within_five_minutes_passes(body, age):
    assert failed(check_signature(signed(body, timestamp=NOW - age), body, SECRET, NOW)) == []


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name):
    headers = signed()
    del headers[name]
    findings = check_signature(headers, BODY, SECRET, NOW)
    assert failed(findings) == [CheckStep.HEADERS]
    assert name in findings[0].message


@pytest.mark.parametrize(
    ("timestamp", "words"),
    [(NOW - 301, "301 s old"), (NOW + 400, "400 s ahead"), ("soon", "not a whole number")],
)
def test_a_timestamp_that_receivers_refuse_is_told_and_the_signature_checked_all_the_same(timestamp, words):
    findings = check_signature(signed(timestamp=timestamp), BODY, SECRET, NOW)
    assert failed(findings) == [CheckStep.TIMESTAMP]
    assert words in findings[1].message


@pytest.mark.parametrize("secret", ["", "short", "whsec_!!", "whsk_" + "A" * 44])
def test_a_secret_that_cannot_be_one_is_told(secret):
    assert failed(check_signature(signed(), BODY, secret, NOW)) == [CheckStep.SECRET]


@pytest.mark.parametrize(
    ("key", "secret", "words"),
    [
        (SECRET.encode(), SECRET, "own text is the key"),
        (SECRET.removeprefix("whsec_").encode(), SECRET, "text after whsec_ is the key as it stands"),
        (secret_key(SECRET), SECRET.removeprefix("whsec_"), "pasted without its whsec_"),
        (b"a secret of my own choosing", " a secret of my own choosing", "without the space"),
    ],
)
def test_a_secret_read_the_other_way_is_recognised(key, secret, words):
    findings = check_signature(signed(key=key), BODY, secret, NOW)
    assert failed(findings) == [CheckStep.SIGNATURE]
    assert words in findings[-1].message


@pytest.mark.parametrize(
    ("received", "words"),
    [
        (BODY + b"\n", "without the line end"),
        (b"  " + BODY, "without the space around"),
        (json.dumps(json.loads(BODY)).encode(), "parsed and written anew: it fits as compact JSON"),
        (json.dumps(json.loads(BODY), indent=2).encode(), "parsed and written anew: it fits as compact JSON"),
    ],
)
def test_an_altered_body_is_recognised(received, words):
    findings = check_signature(signed(), received, SECRET, NOW)
    assert failed(findings) == [CheckStep.SIGNATURE]
    assert words in findings[-1].message


def test_another_secret_or_another_body_fits_in_no_way():
    for body, secret in ((BODY, generate_secret()), (b'{"id":8}', SECRET)):
        findings = check_signature(signed(), body, secret, NOW)
        assert failed(findings) == [CheckStep.SIGNATURE]
        assert "not made with this secret" in findings[-1].message


@pytest.mark.parametrize(
    "signature", ["v1,", "v1,AAAA", "nothing", "v1a," + base64.b64encode(b"x" * 64).decode()]
)
def test_a_signature_header_without_a_whole_entry_is_told(signature):
    findings = check_signature({**signed(), "webhook-signature": signature}, BODY, SECRET, NOW)
    assert failed(findings) == [CheckStep.SIGNATURE]
    assert "no whole v1 entry" in findings[-1].message


def test_one_fitting_entry_among_several_is_enough():
    headers = signed()
    headers["webhook-signature"] = f"v1,{base64.b64encode(b'x' * 32).decode()} {headers['webhook-signature']}"
    assert failed(check_signature(headers, BODY, SECRET, NOW)) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda headers: (
            "POST /hook HTTP/1.1\r\nHost: a\r\n"
            + "\r\n".join(f"{n.title()}: {v}" for n, v in headers.items())
        ),
        lambda headers: "\n".join(f"> {name}: {value}" for name, value in headers.items()),
        json.dumps,
        lambda headers: json.dumps({name: [value] for name, value in headers.items()}, indent=1),
        lambda headers: "\n".join(f"HTTP_{n.upper().replace('-', '_')}={v}" for n, v in headers.items()),
    ],
)
def test_headers_are_read_as_tools_print_them(write):
    assert pasted_headers(write(signed())) == signed()


@given(st.text(max_size=300), st.text(max_size=100), st.text(max_size=100))
def test_whatever_is_pasted_is_answered(headers, body, secret):
    assert check_pasted(headers, body, secret, NOW)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_form_changes_line_ends_and_the_check_allows_for_it(end):
    body = end.join(("one", "two"))
    headers = "\r\n".join(f"{name}: {value}" for name, value in signed(body.encode()).items())
    assert failed(check_pasted(headers, body.replace(end, "\r\n"), SECRET, NOW)) == []
