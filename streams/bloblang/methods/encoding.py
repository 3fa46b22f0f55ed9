"""Methods that encode, decode and hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from streams.bloblang.checksums import crc32, fnv32
from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.registry import OPTIONAL, example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import get_string, string_bytes
from streams.bloblang.xxhash import xxhash64

Codec = Callable[[bytes], bytes]


def data_of(value: Any) -> bytes:
    """The bytes of text or bytes. Raises TypeFault for anything else."""
    if isinstance(value, str):
        return string_bytes(value)
    if isinstance(value, bytes):
        return value
    raise TypeFault(value, ("string",))


_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_BASE85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_TO_Z85 = bytes.maketrans(_BASE85, _Z85)
_FROM_Z85 = bytes.maketrans(_Z85, _BASE85)


def _encode_z85(data: bytes) -> bytes:
    if len(data) % 4:
        raise Fault("z85: the input length is not a multiple of 4")
    return base64.b85encode(data).translate(_TO_Z85)


def _decode_z85(data: bytes) -> bytes:
    if len(data) % 5:
        raise Fault("z85: the input length is not a multiple of 5")
    return _checked(base64.b85decode, data.translate(_FROM_Z85), "z85")


def _checked(decode: Callable[[bytes], bytes], data: bytes, name: str) -> bytes:
    try:
        return decode(data)
    except (ValueError, binascii.Error) as error:
        raise Fault(f"illegal {name} data: {error}") from None


def _decode_base64(data: bytes, *, url: bool, padded: bool) -> bytes:
    # Go ignores line breaks.
    text = data.replace(b"\r", b"").replace(b"\n", b"")
    if not padded:
        if b"=" in text:
            raise Fault(f"illegal base64 data at input byte {text.index(b'=')}")
        text += b"=" * (-len(text) % 4)
    alphabet = b"-_" if url else b"+/"
    for position, byte in enumerate(text.rstrip(b"=")):
        if not (chr(byte).isalnum() and byte < 128) and byte not in alphabet:
            raise Fault(f"illegal base64 data at input byte {position}")
    try:
        return base64.b64decode(text, altchars=alphabet, validate=True)
    except binascii.Error:
        raise Fault(f"illegal base64 data at input byte {len(data) - len(data) % 4}") from None


def _decode_hex(data: bytes) -> bytes:
    for byte in data:
        if byte not in b"0123456789abcdefABCDEF":
            raise Fault(f"encoding/hex: invalid byte: U+{byte:04X} {chr(byte)!r}")
    if len(data) % 2:
        raise Fault("unexpected EOF")
    return bytes.fromhex(data.decode())


_ENCODERS: dict[str, Codec] = {
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base64rawurl": lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
    "hex": binascii.hexlify,
    "ascii85": base64.a85encode,
    "z85": _encode_z85,
}
_DECODERS: dict[str, Codec] = {
    "base64": lambda data: _decode_base64(data, url=False, padded=True),
    "base64url": lambda data: _decode_base64(data, url=True, padded=True),
    "base64rawurl": lambda data: _decode_base64(data, url=True, padded=False),
    "hex": _decode_hex,
    "ascii85": lambda data: _checked(base64.a85decode, data, "ascii85"),
    "z85": _decode_z85,
}


def check_scheme(arguments: dict[str, Any]) -> None:
    """Refuses a constant scheme that does not exist."""
    if isinstance(arguments.get("scheme"), str):
        _codec(_ENCODERS, arguments["scheme"])


def _codec(codecs: dict[str, Codec], scheme: str) -> Codec:
    if scheme not in codecs:
        raise Fault(f"unrecognized encoding type: {scheme}")
    return codecs[scheme]


@method(
    "encode",
    "The text or bytes in a scheme: base64, base64url, base64rawurl, hex, ascii85 or z85.",
    parameters=(string("scheme"),),
    check=check_scheme,
    examples=(
        example('root = this.encode("hex")', ("AB", "4142")),
        example('root = this.encode("base64")', ("AB", "QUI=")),
    ),
)
def encode(value: Any, scheme: str) -> str:
    """The encoded text."""
    return _codec(_ENCODERS, scheme)(data_of(value)).decode()


@method(
    "decode",
    "The bytes of text in a scheme: base64, base64url, base64rawurl, hex, ascii85 or z85.",
    parameters=(string("scheme"),),
    check=check_scheme,
    examples=(example('root = this.decode("hex").string()', ("4142", "AB")),),
)
def decode(value: Any, scheme: str) -> bytes:
    """The bytes."""
    return _codec(_DECODERS, scheme)(data_of(value))


_DIGESTS = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha512": "sha512"}
_KEYED = {
    f"hmac{joint}{name}": name for name in ("sha1", "sha256", "sha512") for joint in ("_", "-")
}  # fmt: skip


def check_hash(arguments: dict[str, Any]) -> None:
    """Refuses a constant algorithm that does not exist, or lacks its key."""
    algorithm = arguments.get("algorithm")
    if not isinstance(algorithm, str):
        return
    if (
        algorithm not in _DIGESTS
        and algorithm not in _KEYED
        and algorithm not in {"xxhash64", "crc32", "fnv32"}
    ):
        raise Fault(f"unrecognized hash type: {algorithm}")
    if algorithm in _KEYED and "key" in arguments and not arguments["key"]:
        raise Fault(f"hash algorithm {algorithm} requires a key argument")


@method(
    "hash",
    "A digest in bytes: hmac_sha1, hmac_sha256, hmac_sha512 (with a key), md5, sha1, sha256, sha512, xxhash64, "
    "crc32 (with a polynomial) or fnv32.",
    parameters=(string("algorithm"), string("key", OPTIONAL), string("polynomial", "IEEE")),
    context=True,
    check=check_hash,
    examples=(
        example(
            'root = this.hash("sha1").encode("hex")', ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d")
        ),
        example('root = this.hash("crc32").encode("hex")', ("abc", "352441c2")),
    ),
)
def hash_of(run: Run, value: Any, algorithm: str, key: str | None, polynomial: str) -> bytes:
    """The digest; of xxhash64 and fnv32, the number as text."""
    data = data_of(value)
    if algorithm in _DIGESTS:
        return hashlib.new(_DIGESTS[algorithm], data, usedforsecurity=False).digest()
    check_hash({"algorithm": algorithm, "key": key})
    if algorithm in _KEYED:
        return hmac.new(string_bytes(get_string(key)), data, _KEYED[algorithm]).digest()
    # The checksums are computed in Python, at some hundred nanoseconds a byte.
    run.charge(8 * len(data))
    if algorithm == "xxhash64":
        return str(xxhash64(data)).encode()
    if algorithm == "fnv32":
        return str(fnv32(data)).encode()
    return crc32(data, polynomial).to_bytes(4, "big")
