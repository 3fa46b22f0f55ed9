"""Standard Webhooks signatures: read secrets, sign, verify. Pure.

The scheme is that of the Standard Webhooks specification: what is signed is `id.timestamp.body`; `v1` is
HMAC-SHA256 under a shared secret (`whsec_`), `v1a` is Ed25519 (`whsk_` signs, `whpk_` verifies).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from streams.errors import SluiceError

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix, not a secret
PRIVATE_KEY_PREFIX = "whsk_"
PUBLIC_KEY_PREFIX = "whpk_"
MINIMUM_KEY_BYTES = 24
MAXIMUM_KEY_BYTES = 256
TOLERANCE_SECONDS = 300
_ED25519_SEED_BYTES = 32
_TIMESTAMP = re.compile(r"[0-9]{1,15}", re.ASCII)


class SecretError(SluiceError):
    """A signing secret cannot be used as it was given."""


class SignatureError(SluiceError):
    """A message is not proved to come from a holder of the secret."""


class Signer(Protocol):
    """One key, prepared for many signatures."""

    def signature(self, content: bytes) -> bytes:
        """Return the entry of `webhook-signature` for the signed content, such as `v1,<base64>`."""
        ...


class Verifier(Protocol):
    """One key, able to tell its own signatures."""

    version: str

    def accepts(self, content: bytes, signature: bytes) -> bool:
        """Tell whether the decoded signature is this key's over the signed content."""
        ...


class HmacKey:
    """A shared secret: signs and verifies `v1`.

    The key schedule is computed once and copied for each message, a fifth cheaper than `hmac.digest` on 1 kB.
    """

    __slots__ = ("_template",)
    version = "v1"

    def __init__(self, key: bytes) -> None:
        if not key:
            raise SecretError("the secret is empty")
        self._template = hmac.new(key, digestmod="sha256")

    def _digest(self, content: bytes) -> bytes:
        code = self._template.copy()
        code.update(content)
        return code.digest()

    def signature(self, content: bytes) -> bytes:
        """Return `v1,` and the base64 of the HMAC-SHA256 of the content."""
        return b"v1," + binascii.b2a_base64(self._digest(content), newline=False)

    def accepts(self, content: bytes, signature: bytes) -> bool:
        """Compare in constant time, and only whole digests."""
        return hmac.compare_digest(self._digest(content), signature)


class Ed25519VerifyKey:
    """A public key (`whpk_`): verifies `v1a`."""

    __slots__ = ("_public",)
    version = "v1a"

    def __init__(self, public: Ed25519PublicKey) -> None:
        self._public = public

    def accepts(self, content: bytes, signature: bytes) -> bool:
        """Tell whether the holder of the private key signed the content."""
        try:
            self._public.verify(signature, content)
        except InvalidSignature:
            return False
        return True


class Ed25519SigningKey:
    """A private key (`whsk_`): signs `v1a`."""

    __slots__ = ("_private",)

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def signature(self, content: bytes) -> bytes:
        """Return `v1a,` and the base64 of the Ed25519 signature of the content."""
        return b"v1a," + binascii.b2a_base64(self._private.sign(content), newline=False)


def decode_key(text: str) -> bytes:
    """Return the bytes that base64 text spells; padding may be left out, nothing else may be wrong.

    Raises SecretError.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise SecretError("the secret is not base64: A-Z, a-z, 0-9, + and / with = at the end") from error


def secret_key(secret: str) -> bytes:
    """Return the key bytes of an endpoint's secret.

    `whsec_<base64>`: the key is the decoded base64. Any other text of at least 24 bytes: the key is the
    text's own UTF-8 bytes, every character of it, never decoded even where it would be valid base64;
    `standard_form` gives the spelling that Standard Webhooks libraries need for such a key.
    Raises SecretError.
    """
    if secret.startswith((PRIVATE_KEY_PREFIX, PUBLIC_KEY_PREFIX)):
        raise SecretError(
            "this is one half of an asymmetric key pair; give a shared secret (whsec_...) or text"
        )
    prefixed = secret.startswith(SECRET_PREFIX)
    key = decode_key(secret.removeprefix(SECRET_PREFIX)) if prefixed else secret.encode()
    if not MINIMUM_KEY_BYTES <= len(key) <= MAXIMUM_KEY_BYTES:
        what = "what follows whsec_ decodes to" if prefixed else "the secret is"
        raise SecretError(f"{what} {len(key)} bytes; it must be {MINIMUM_KEY_BYTES} to {MAXIMUM_KEY_BYTES}")
    return key


def standard_form(key: bytes) -> str:
    """Return `whsec_<base64>`, the spelling of a key that every Standard Webhooks library reads."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def generate_secret() -> str:
    """Return a new `whsec_` secret of 32 random bytes."""
    return standard_form(secrets.token_bytes(32))


def signing_key(text: str) -> Ed25519SigningKey:
    """Return the signer of a `whsk_` key: base64 of the 32-byte seed, the public key behind it or not.

    Raises SecretError.
    """
    raw = decode_key(text.removeprefix(PRIVATE_KEY_PREFIX))
    if len(raw) not in {_ED25519_SEED_BYTES, 2 * _ED25519_SEED_BYTES}:
        raise SecretError(f"an Ed25519 private key is 32 or 64 bytes, not {len(raw)}")
    return Ed25519SigningKey(Ed25519PrivateKey.from_private_bytes(raw[:_ED25519_SEED_BYTES]))


def verify_key(text: str) -> Ed25519VerifyKey:
    """Return the verifier of a `whpk_` key: base64 of the 32-byte public key. Raises SecretError."""
    raw = decode_key(text.removeprefix(PUBLIC_KEY_PREFIX))
    if len(raw) != _ED25519_SEED_BYTES:
        raise SecretError(f"an Ed25519 public key is 32 bytes, not {len(raw)}")
    return Ed25519VerifyKey(Ed25519PublicKey.from_public_bytes(raw))


def signed_content(message_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    """Return the bytes that are signed.

    An id with a dot would let one signature stand for two messages: Sluice makes none, `verify` refuses one.
    """
    return b"%b.%b.%b" % (message_id, timestamp, body)


def sign(signers: Sequence[Signer], message_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    """Return the value of `webhook-signature`: an entry per key, in the order given (newest first)."""
    content = signed_content(message_id, timestamp, body)
    if len(signers) == 1:
        return signers[0].signature(content)
    return b" ".join([signer.signature(content) for signer in signers])


def verify(
    verifiers: Iterable[Verifier],
    headers: Mapping[str, str],
    body: bytes,
    now: int,
    tolerance: int = TOLERANCE_SECONDS,
) -> str:
    """Return the message id if one of the keys signed this message within `tolerance` seconds of `now`.

    Entries of other versions and entries that cannot be read are passed over, so that a sender may add some.
    Raises SignatureError.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    message_id = _header(lowered, "webhook-id")
    if "." in message_id:
        raise SignatureError("webhook-id holds a dot: the signed bytes would not be unambiguous")
    timestamp = _header(lowered, "webhook-timestamp")
    check_timestamp(timestamp, now, tolerance)
    content = signed_content(message_id.encode(), timestamp.encode(), body)
    entries = list(signature_entries(_header(lowered, "webhook-signature")))
    for verifier in verifiers:
        if any(
            version == verifier.version and verifier.accepts(content, signature)
            for version, signature in entries
        ):
            return message_id
    raise SignatureError("no entry of webhook-signature was made with this secret over this body")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value:
        raise SignatureError(f"the header {name} is missing")
    return value


def check_timestamp(timestamp: str, now: int, tolerance: int = TOLERANCE_SECONDS) -> None:
    """Refuse a `webhook-timestamp` that is no Unix time, or too far from now. Raises SignatureError."""
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureError("webhook-timestamp is not a whole number of Unix seconds")
    age = now - int(timestamp)
    if abs(age) > tolerance:
        when = "old" if age > 0 else "ahead"
        raise SignatureError(f"webhook-timestamp is {abs(age)} s {when}; {tolerance} s are allowed")


def signature_entries(header: str) -> Iterable[tuple[str, bytes]]:
    """Yield version and decoded signature of each entry of `webhook-signature` that can be read."""
    for entry in header.split(" "):
        version, _, encoded = entry.partition(",")
        try:
            yield version, base64.b64decode(encoded, validate=True)
        except ValueError:
            continue
