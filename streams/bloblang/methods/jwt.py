"""JSON Web Tokens: signing claims and reading the claims of a token whose signature is right (RFC 7519)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from streams.bloblang.errors import Fault
from streams.bloblang.registry import Naming, example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import get_string, require_dict, string_bytes
from streams.jsontext import NotJsonError, parse, serialise

_HASHES: dict[str, type[HashAlgorithm]] = {"256": SHA256, "384": SHA384, "512": SHA512}
_CURVE_BITS = {"256": 256, "384": 384, "512": 521}
# What signing or checking with a key pair costs, in fuel.
_KEY_PAIR_WORK = 100_000


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(string_bytes(text + "=" * (-len(text) % 4)), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Fault("failed to parse JWT string: token is malformed: could not base64 decode") from None


@lru_cache(maxsize=64)
def _private_key(pem: str) -> Any:
    try:
        return load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise Fault(f"failed to parse private key: {error}") from None


@lru_cache(maxsize=64)
def _public_key(pem: str) -> Any:
    try:
        return load_pem_public_key(pem.encode())
    except ValueError as error:
        raise Fault(f"failed to parse public key: {error}") from None


def _sign_shared(size: str, secret: str, data: bytes) -> bytes:
    return hmac.new(string_bytes(secret), data, getattr(hashlib, f"sha{size}")).digest()


def _verify_shared(size: str, secret: str, data: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(_sign_shared(size, secret, data), signature)


def _sign_rsa(size: str, pem: str, data: bytes) -> bytes:
    key = _private_key(pem)
    if not isinstance(key, RSAPrivateKey):
        raise Fault("the key is no RSA private key")
    return key.sign(data, PKCS1v15(), _HASHES[size]())


def _verify_rsa(size: str, pem: str, data: bytes, signature: bytes) -> bool:
    key = _public_key(pem)
    if not isinstance(key, RSAPublicKey):
        raise Fault("the key is no RSA public key")
    try:
        key.verify(signature, data, PKCS1v15(), _HASHES[size]())
    except InvalidSignature:
        return False
    return True


def _sign_curve(size: str, pem: str, data: bytes) -> bytes:
    key = _private_key(pem)
    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.key_size != _CURVE_BITS[size]:
        raise Fault(f"the key is no private key of the curve P-{_CURVE_BITS[size]}")
    first, second = decode_dss_signature(key.sign(data, ECDSA(_HASHES[size]())))
    width = (_CURVE_BITS[size] + 7) // 8
    return first.to_bytes(width, "big") + second.to_bytes(width, "big")


def _verify_curve(size: str, pem: str, data: bytes, signature: bytes) -> bool:
    key = _public_key(pem)
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.key_size != _CURVE_BITS[size]:
        raise Fault(f"the key is no public key of the curve P-{_CURVE_BITS[size]}")
    width = (_CURVE_BITS[size] + 7) // 8
    if len(signature) != 2 * width:
        return False
    first, second = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
    try:
        key.verify(encode_dss_signature(first, second), data, ECDSA(_HASHES[size]()))
    except InvalidSignature:
        return False
    return True


Sign = Callable[[str, str, bytes], bytes]
Verify = Callable[[str, str, bytes, bytes], bool]
_FAMILIES: dict[str, tuple[Sign, Verify]] = {
    "hs": (_sign_shared, _verify_shared),
    "rs": (_sign_rsa, _verify_rsa),
    "es": (_sign_curve, _verify_curve),
}


def _claims(token: str, algorithm: str, verify: Callable[[bytes, bytes], bool]) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        raise Fault(
            "failed to parse JWT string: token is malformed: token contains an invalid number of segments"
        )
    header, claims = (_document(part) for part in parts[:2])
    if header.get("alg") != algorithm:
        raise Fault(
            f"failed to parse JWT string: token is unverifiable: incorrect signing method: {header.get('alg')}"
        )
    if not verify(f"{parts[0]}.{parts[1]}".encode(), _decoded(parts[2])):
        raise Fault("failed to parse JWT string: token signature is invalid: signature is invalid")
    _check_times(claims)
    return claims


def _document(part: str) -> dict[str, Any]:
    try:
        value = parse(_decoded(part))
    except NotJsonError as error:
        raise Fault(f"failed to parse JWT string: token is malformed: {error}") from None
    if not isinstance(value, dict):
        raise Fault("failed to parse JWT string: token is malformed: a part is no object")
    return value


def _check_times(claims: dict[str, Any]) -> None:
    now = time.time()
    if isinstance(claims.get("exp"), (int, float)) and now >= claims["exp"]:
        raise Fault("failed to parse JWT string: token has invalid claims: token is expired")
    if isinstance(claims.get("nbf"), (int, float)) and now < claims["nbf"]:
        raise Fault("failed to parse JWT string: token has invalid claims: token is not valid yet")


def _register(family: str, size: str) -> None:
    sign, verify = _FAMILIES[family]
    algorithm = f"{family}{size}".upper()
    work = 0 if family == "hs" else _KEY_PAIR_WORK

    def sign_jwt(run: Run, value: Any, secret: str) -> str:
        run.charge(work)
        claims = serialise(run.measure(require_dict(value)))
        header = serialise({"alg": algorithm, "typ": "JWT"})
        signed = _encoded(header) + b"." + _encoded(claims)
        return (signed + b"." + _encoded(sign(size, secret, signed))).decode()

    def parse_jwt(run: Run, value: Any, secret: str) -> dict[str, Any]:
        run.charge(work)
        return _claims(
            get_string(value), algorithm, lambda data, signature: verify(size, secret, data, signature)
        )

    round_trip = example(
        f'root = this.sign_jwt_{family}{size}("secret").parse_jwt_{family}{size}("secret")',
        ({"sub": "ada"}, {"sub": "ada"}),
    )
    shown = (round_trip,) if family == "hs" else ()
    method(
        f"sign_jwt_{family}{size}", f"The claims as a token signed by {algorithm}.",
        parameters=(string("signing_secret"),), context=True, naming=Naming.NONE, pure=family != "es", examples=shown,
    )(sign_jwt)  # fmt: skip
    # Whether a token has expired depends on the clock.
    method(
        f"parse_jwt_{family}{size}", f"The claims of a token signed by {algorithm}, if signature and times are right.",
        parameters=(string("signing_secret"),), context=True, naming=Naming.NONE, pure=False, examples=shown,
    )(parse_jwt)  # fmt: skip


for _family in _FAMILIES:
    for _size in _HASHES:
        _register(_family, _size)
