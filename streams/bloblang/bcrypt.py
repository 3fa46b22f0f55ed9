"""bcrypt by the C library's crypt, where the system has one."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
from functools import lru_cache

from streams.bloblang.errors import Fault

_HASH = re.compile(r"\$2[abxy]?\$([0-9]{2})\$[./A-Za-z0-9]{53}")
# The library's work area; libxcrypt's struct crypt_data takes 32 KiB.
_WORK_AREA = 65536
_MAX_PASSWORD = 72


def bcrypt_cost(hashed: str) -> int:
    """The binary logarithm of the rounds a hash takes. Raises Fault when it is none."""
    match = _HASH.fullmatch(hashed)
    if match is None:
        raise Fault("crypto/bcrypt: hashedSecret too short to be a bcrypted password")
    return int(match.group(1))


@lru_cache(maxsize=1)
def _crypt() -> ctypes.CDLL | None:
    name = ctypes.util.find_library("crypt")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    library.crypt_r.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
    library.crypt_r.restype = ctypes.c_char_p
    return library


def bcrypt_hash(password: bytes, setting: str) -> bytes:
    """The hash of a password with the salt and cost of another hash. Raises Fault where the system cannot."""
    library = _crypt()
    if library is None:
        raise Fault("compare_bcrypt needs the system library libcrypt, which is not installed")
    area = ctypes.create_string_buffer(_WORK_AREA)
    made = library.crypt_r(password.split(b"\0")[0][:_MAX_PASSWORD], setting.encode(), area)
    if not isinstance(made, bytes) or made.startswith(b"*"):
        raise Fault("the system library libcrypt does not know bcrypt")
    return made
