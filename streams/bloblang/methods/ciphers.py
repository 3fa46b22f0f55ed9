"""Encryption with AES and the checking of password hashes."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.modes import OFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR
from cryptography.hazmat.primitives.kdf.argon2 import Argon2d, Argon2i, Argon2id

from streams.bloblang.bcrypt import bcrypt_cost, bcrypt_hash
from streams.bloblang.errors import Fault
from streams.bloblang.methods.encoding import data_of
from streams.bloblang.registry import example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import bytes_string, string_bytes

_BLOCK = 16
_MODES: dict[str, Callable[[bytes], Any]] = {"ctr": CTR, "ofb": OFB, "cbc": CBC}
_PARAMETERS = (string("scheme"), string("key"), string("iv"))
_KEY = '"2b7e151628aed2a6abf7158809cf4f3c".decode("hex")'
_VECTOR = '"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff".decode("hex")'


def check_cipher(arguments: dict[str, Any]) -> None:
    """Refuses a constant key, vector or scheme that cannot be right."""
    scheme, key, vector = (arguments.get(name) for name in ("scheme", "key", "iv"))
    if isinstance(key, str) and len(string_bytes(key)) not in {16, 24, 32}:
        raise Fault(f"crypto/aes: invalid key size {len(string_bytes(key))}")
    if isinstance(scheme, str) and scheme != "gcm" and scheme not in _MODES:
        raise Fault(f"unrecognized encryption type: {scheme}")
    if (
        isinstance(vector, str)
        and isinstance(scheme, str)
        and scheme != "gcm"
        and len(string_bytes(vector)) != _BLOCK
    ):
        raise Fault("the key must match the initialisation vector size")


def _cipher(scheme: str, key: bytes, vector: bytes) -> Cipher[Any]:
    return Cipher(AES(key), _MODES[scheme](vector))


@method(
    "encrypt_aes",
    "The text or bytes encrypted by AES in mode ctr, ofb, cbc or gcm.",
    parameters=_PARAMETERS,
    check=check_cipher,
    examples=(
        example(
            f'root = this.encrypt_aes("ctr", {_KEY}, {_VECTOR}).encode("hex")',
            ("hello world!", "84e9b31ff7400bdf80be7254"),
        ),
    ),
)
def encrypt_aes(value: Any, scheme: str, key: str, iv: str) -> str:
    """The ciphertext, as text that holds its bytes; in mode gcm followed by the tag."""
    check_cipher({"scheme": scheme, "key": key, "iv": iv})
    data, secret, vector = data_of(value), string_bytes(key), string_bytes(iv)
    if scheme == "gcm":
        return bytes_string(AESGCM(secret).encrypt(vector, data, None))
    if scheme == "cbc" and len(data) % _BLOCK:
        raise Fault("plaintext is not a multiple of the block size")
    encryptor = _cipher(scheme, secret, vector).encryptor()
    return bytes_string(encryptor.update(data) + encryptor.finalize())


@method(
    "decrypt_aes",
    "The bytes that AES in mode ctr, ofb, cbc or gcm encrypted.",
    parameters=_PARAMETERS,
    check=check_cipher,
    examples=(
        example(
            f'root = this.decode("hex").decrypt_aes("ctr", {_KEY}, {_VECTOR}).string()',
            ("84e9b31ff7400bdf80be7254", "hello world!"),
        ),
    ),
)
def decrypt_aes(value: Any, scheme: str, key: str, iv: str) -> bytes:
    """The plaintext."""
    check_cipher({"scheme": scheme, "key": key, "iv": iv})
    data, secret, vector = data_of(value), string_bytes(key), string_bytes(iv)
    if scheme == "gcm":
        return _open_gcm(secret, vector, data)
    if scheme == "cbc" and len(data) % _BLOCK:
        raise Fault("ciphertext is not a multiple of the block size")
    decryptor = _cipher(scheme, secret, vector).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _open_gcm(secret: bytes, vector: bytes, data: bytes) -> bytes:
    try:
        return AESGCM(secret).decrypt(vector, data, None)
    except InvalidTag:
        raise Fault("cipher: message authentication failed") from None


# What a hash may cost, in fuel: a round of bcrypt and a kibibyte of Argon2's memory take about this long.
_BCRYPT_ROUND = 4096
_ARGON2_KIBIBYTE = 64


@method(
    "compare_bcrypt",
    "Whether the text is the password of a bcrypt hash.",
    parameters=(string("hashed_secret"),),
    context=True,
    boolean=True,
)
def compare_bcrypt(run: Run, value: Any, hashed: str) -> bool:
    """Whether it is."""
    cost = bcrypt_cost(hashed)
    run.charge(_BCRYPT_ROUND << min(cost, 31))
    return hmac.compare_digest(bcrypt_hash(data_of(value), hashed), hashed.encode())


_ARGON2 = re.compile(
    r"\$(argon2(?:id|i|d))\$v=19\$m=([0-9]{1,9}),t=([0-9]{1,6}),p=([0-9]{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_VARIANTS: dict[str, Callable[..., Any]] = {"argon2id": Argon2id, "argon2i": Argon2i, "argon2d": Argon2d}


@method(
    "compare_argon2",
    "Whether the text is the password of an Argon2 hash.",
    parameters=(string("hashed_secret"),),
    context=True,
    boolean=True,
    examples=(
        example(
            'root = this.compare_argon2("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$fbqvYj5dTRaIsQ9QxWlKfA")',
            ("guess", False),
        ),
    ),
)
def compare_argon2(run: Run, value: Any, hashed: str) -> bool:
    """Whether it is."""
    match = _ARGON2.fullmatch(hashed)
    if match is None:
        raise Fault("invalid argon2 hash")
    memory, passes, lanes = (int(match.group(number)) for number in (2, 3, 4))
    run.charge(_ARGON2_KIBIBYTE * memory * passes)
    salt, digest = _unpadded(match.group(5)), _unpadded(match.group(6))
    try:
        derivation = _VARIANTS[match.group(1)](
            salt=salt, length=len(digest), iterations=passes, lanes=lanes, memory_cost=memory
        )
    except ValueError as error:
        raise Fault(f"invalid argon2 hash: {error}") from None
    return hmac.compare_digest(bytes(derivation.derive(data_of(value))), digest)


def _unpadded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Fault("invalid argon2 hash") from None
