import base64
import hashlib
import hmac
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from tests.signature_conformance import judged
from webhooks.signing import (
    HmacKey,
    SecretError,
    SignatureError,
    generate_secret,
    secret_key,
    sign,
    signing_key,
    standard_form,
    verify,
    verify_key,
)

SHARED = Path(os.environ.get("SLUICE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
VECTORS = SHARED / "conformance" / "standard_webhooks_vectors.json"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ASYMMETRIC_SECRET = (
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
)
ASYMMETRIC_PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
NOW = 1614265330


def vectors(name):
    if not VECTORS.exists():
        return [
            pytest.param(None, marks=[pytest.mark.shared, pytest.mark.skip("the shared folder is absent")])
        ]
    cases = json.loads(VECTORS.read_text())[name]
    return [pytest.param(case, id=case["name"], marks=pytest.mark.shared) for case in cases]


@pytest.mark.parametrize("vector", vectors("v1"))
def test_every_v1_vector_is_judged_as_expected(vector):
    assert judged(vector, "v1") == vector["expected"]


@pytest.mark.parametrize("vector", vectors("v1a"))
def test_every_v1a_vector_is_judged_as_expected(vector):
    assert judged(vector, "v1a") == vector["expected"]


def test_the_published_hmac_vector_is_signed_byte_for_byte():
    signature = sign(
        [HmacKey(secret_key(SECRET))], b"msg_p5jXN8AQM9LWM0D4loKWxJek", b"1614265330", b'{"test": 2432232314}'
    )
    assert signature == b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_ed25519_vector_is_signed_byte_for_byte():
    signature = sign(
        [signing_key(ASYMMETRIC_SECRET)],
        b"msg_p5jXN8AQM9LWM0D4loKWxJek",
        b"1614265330",
        b'{"test": 2432232314}',
    )
    assert signature == (
        b"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    )


@given(secret=st.binary(min_size=24, max_size=64), body=st.binary(max_size=200))
def test_a_signature_is_the_hmac_that_the_standard_defines_and_verifies(secret, body):
    now = int(datetime.now(UTC).timestamp())
    timestamp = str(now).encode()
    signature = sign([HmacKey(secret)], b"msg_1", timestamp, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature.decode()}
    expected = base64.b64encode(hmac.digest(secret, b"msg_1." + timestamp + b"." + body, "sha256"))
    assert signature == b"v1," + expected
    assert verify([HmacKey(secret)], headers, body, now) == "msg_1"


def test_the_standards_own_library_verifies_our_headers():
    now = int(datetime.now(UTC).timestamp())
    secret = generate_secret()
    signature = sign([HmacKey(secret_key(secret))], b"msg_1", str(now).encode(), b'{"a":1}')
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature.decode()}
    assert standardwebhooks.Webhook(secret).verify(b'{"a":1}', headers) == {"a": 1}


@given(body=st.binary(max_size=100), flipped=st.integers(min_value=0))
def test_a_changed_body_is_refused(body, flipped):
    key = HmacKey(secret_key(SECRET))
    signature = sign([key], b"msg_1", b"1614265330", body).decode()
    changed = bytearray(body or b"x")
    changed[flipped % len(changed)] ^= 1
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1614265330", "webhook-signature": signature}
    with pytest.raises(SignatureError, match="no entry"):
        verify([key], headers, bytes(changed), NOW)


def test_while_a_secret_is_rotated_every_key_signs_and_the_newest_comes_first():
    new, old = HmacKey(b"n" * 32), HmacKey(b"o" * 32)
    entries = sign([new, old], b"msg_1", b"1614265330", b"{}").split(b" ")
    assert entries == [
        sign([new], b"msg_1", b"1614265330", b"{}"),
        sign([old], b"msg_1", b"1614265330", b"{}"),
    ]


def test_header_names_are_found_in_any_case():
    key = HmacKey(b"k" * 32)
    signature = sign([key], b"msg_1", b"1614265330", b"{}").decode()
    headers = {"Webhook-Id": "msg_1", "WEBHOOK-TIMESTAMP": "1614265330", "webhook-Signature": signature}
    assert verify([key], headers, b"{}", NOW) == "msg_1"


@given(header=st.text(max_size=80))
def test_no_signature_header_makes_verification_fail_otherwise_than_by_refusing(header):
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1614265330", "webhook-signature": header}
    with pytest.raises(SignatureError):
        verify([HmacKey(b"k" * 32), verify_key(ASYMMETRIC_PUBLIC)], headers, b"{}", NOW)


def test_a_prefixed_secret_is_its_decoded_base64():
    assert secret_key("whsec_" + base64.b64encode(b"k" * 24).decode()) == b"k" * 24


def test_plain_text_is_its_own_bytes_even_where_it_is_valid_base64():
    assert secret_key("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") == b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_plain_text_is_counted_in_utf8_bytes():
    assert secret_key("é" * 12) == "é".encode() * 12


@given(key=st.binary(min_size=24, max_size=256))
def test_the_standard_form_of_a_key_reads_back(key):
    assert secret_key(standard_form(key)) == key


def test_a_generated_secret_holds_32_bytes_and_is_never_the_same():
    first, second = generate_secret(), generate_secret()
    assert first != second
    assert len(secret_key(first)) == 32


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "24 to 256"),
        ("short", "is 5 bytes"),
        ("x" * 257, "is 257 bytes"),
        ("whsec_", "decodes to 0 bytes"),
        ("whsec_" + base64.b64encode(b"k" * 23).decode(), "decodes to 23 bytes"),
        ("whsec_not base64 at all, whatever its length is", "not base64"),
        (ASYMMETRIC_SECRET, "asymmetric"),
        (ASYMMETRIC_PUBLIC, "asymmetric"),
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_with_the_reason(secret, reason):
    with pytest.raises(SecretError, match=reason):
        secret_key(secret)


@pytest.mark.parametrize("read", [signing_key, verify_key])
def test_an_asymmetric_key_of_the_wrong_length_is_refused(read):
    with pytest.raises(SecretError, match="bytes, not 5"):
        read(base64.b64encode(b"short").decode())


def test_a_key_longer_than_a_block_is_hashed_as_hmac_says():
    key = b"k" * 200
    expected = hmac.new(hashlib.sha256(key).digest(), b"msg_1.1614265330.{}", "sha256").digest()
    assert sign([HmacKey(key)], b"msg_1", b"1614265330", b"{}") == b"v1," + base64.b64encode(expected)
