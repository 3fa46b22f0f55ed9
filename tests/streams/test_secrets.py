import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.secrets import (
    DecryptionError,
    KeyRing,
    KeyRingError,
    api_key_digest,
    api_key_matches,
    generate_api_key,
)

OLD = b"o" * 32
NEW = b"n" * 32


@given(
    plaintext=st.binary(max_size=300), purpose=st.text(max_size=20), row=st.text(max_size=20) | st.integers()
)
def test_a_secret_reads_back_for_its_purpose_and_row(plaintext, purpose, row):
    ring = KeyRing([NEW])
    assert (
        ring.decrypt(ring.encrypt(plaintext, purpose=purpose, row=row), purpose=purpose, row=row) == plaintext
    )


def test_the_same_secret_is_never_encrypted_the_same_way_twice():
    ring = KeyRing([NEW])
    assert ring.encrypt(b"s", purpose="p", row=1) != ring.encrypt(b"s", purpose="p", row=1)


@pytest.mark.parametrize(("purpose", "row"), [("p", 2), ("q", 1), ("p1", ""), ("", "p1")])
def test_a_ciphertext_moved_to_another_row_or_column_does_not_decrypt(purpose, row):
    ring = KeyRing([NEW])
    ciphertext = ring.encrypt(b"secret", purpose="p", row=1)
    with pytest.raises(DecryptionError, match="altered, or belongs to another row"):
        ring.decrypt(ciphertext, purpose=purpose, row=row)


@given(place=st.integers(min_value=9, max_value=42), bit=st.integers(min_value=0, max_value=7))
def test_an_altered_ciphertext_does_not_decrypt(place, bit):
    ring = KeyRing([NEW])
    ciphertext = bytearray(ring.encrypt(b"secret", purpose="p", row=1))
    ciphertext[place] ^= 1 << bit
    with pytest.raises(DecryptionError):
        ring.decrypt(bytes(ciphertext), purpose="p", row=1)


@given(junk=st.binary(max_size=60))
def test_bytes_that_are_no_ciphertext_are_refused(junk):
    with pytest.raises(DecryptionError):
        KeyRing([NEW]).decrypt(junk, purpose="p", row=1)


def test_after_a_rotation_old_secrets_are_read_and_known_to_be_old():
    before = KeyRing([OLD]).encrypt(b"secret", purpose="p", row=1)
    ring = KeyRing([NEW, OLD])
    assert ring.decrypt(before, purpose="p", row=1) == b"secret"
    assert ring.needs_rotation(before)
    after = ring.encrypt(b"secret", purpose="p", row=1)
    assert not ring.needs_rotation(after)
    assert KeyRing([NEW]).decrypt(after, purpose="p", row=1) == b"secret"


def test_a_secret_whose_key_was_taken_off_names_the_key_and_the_remedy():
    ciphertext = KeyRing([OLD]).encrypt(b"secret", purpose="webhooks.endpoint_secret", row=7)
    with pytest.raises(
        DecryptionError, match=r"webhooks\.endpoint_secret of 7 .* key [0-9a-f]{16}, .* put that key back"
    ):
        KeyRing([NEW]).decrypt(ciphertext, purpose="webhooks.endpoint_secret", row=7)


@pytest.mark.parametrize(
    ("keys", "reason"),
    [([], "is empty"), ([NEW, b"short"], "key 2 of SLUICE_KEY_RING is 5 bytes"), ([NEW, OLD, NEW], "twice")],
)
def test_a_ring_of_unusable_keys_is_refused_with_the_reason(keys, reason):
    with pytest.raises(KeyRingError, match=reason):
        KeyRing(keys)


def test_an_api_key_has_its_prefix_and_32_random_bytes():
    key = generate_api_key("slk")
    prefix, _, entropy = key.partition("_")
    assert prefix == "slk"
    assert len(base64.urlsafe_b64decode(entropy + "=")) == 32
    assert generate_api_key("slk") != key


def test_an_api_key_is_known_by_its_digest_alone():
    key = generate_api_key("slk")
    assert api_key_digest(key) == hashlib.sha256(key.encode()).digest()
    assert api_key_matches(key, api_key_digest(key))
    assert not api_key_matches(key + "x", api_key_digest(key))
