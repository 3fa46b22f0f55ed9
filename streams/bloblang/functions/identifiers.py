"""Functions that make identifiers and random numbers."""

from __future__ import annotations

import base64
import itertools
import random
import secrets
import threading
import time
import uuid
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.registry import OPTIONAL, function, integer, lazy, string
from streams.bloblang.run import Run
from streams.bloblang.values import MAX_INT64, get_int

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NANOID = "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KSUID_EPOCH = 1_400_000_000
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657


def _digits(number: int, alphabet: str, width: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        text = alphabet[digit] + text
    return text.rjust(width, alphabet[0])


@function("uuid_v7", "Makes a UUID that begins with the time.", pure=False)
def uuid_v7() -> str:
    """A UUID of version 7 (RFC 9562)."""
    moment = time.time_ns() // 1_000_000 << 80
    return str(uuid.UUID(int=moment | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)))


def _check_nanoid(arguments: dict[str, Any]) -> None:
    if arguments.get("alphabet") is not None and "length" in arguments and arguments["length"] is None:
        raise Fault("field length must be specified when an alphabet is specified")


@function(
    "nanoid",
    "Makes a random identifier, 21 characters long unless told otherwise.",
    parameters=(integer("length", OPTIONAL), string("alphabet", OPTIONAL)),
    context=True,
    pure=False,
    check=_check_nanoid,
)
def nanoid(run: Run, length: int | None, alphabet: str | None) -> str:
    """The identifier."""
    _check_nanoid({"length": length, "alphabet": alphabet})
    size = 21 if length is None else length
    if size <= 0 or alphabet == "":
        raise Fault("the length of a nanoid must be positive and its alphabet not empty")
    run.charge(8 * size)
    return "".join(secrets.choice(alphabet or _NANOID) for _ in range(size))


@function("ksuid", "Makes a KSUID: sortable by the second it was made in.", pure=False)
def ksuid() -> str:
    """27 characters."""
    seconds = int(time.time()) - _KSUID_EPOCH
    return _digits(seconds << 128 | secrets.randbits(128), _BASE62, 27)


@function(
    "ulid",
    "Makes a ULID, encoded as crockford (its usual form) or hex.",
    parameters=(string("encoding", "crockford"), string("random_source", "secure_random")),
    pure=False,
)
def ulid(encoding: str, random_source: str) -> str:
    """26 characters, or 32 in hex."""
    if random_source not in {"secure_random", "fast_random"}:
        raise Fault(f"invalid randomness source: {random_source}")
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    if encoding == "crockford":
        return _digits(number, _CROCKFORD, 26)
    if encoding == "hex":
        return number.to_bytes(16, "big").hex()
    raise Fault(f"invalid ulid encoding: {encoding}")


class _Snowflakes:
    """Numbers within a millisecond."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = (0, 0)

    def next(self, node: int) -> int:
        with self._lock:
            moment, step = self._last
            now = max(time.time_ns() // 1_000_000, moment)
            step = step + 1 if now == moment else 0
            if step > 4095:
                now, step = now + 1, 0
            self._last = (now, step)
        return now - _SNOWFLAKE_EPOCH_MS << 22 | node << 12 | step


_SNOWFLAKES = _Snowflakes()


@function(
    "snowflake_id",
    "Makes a Snowflake identifier for a node from 0 to 1023.",
    parameters=(integer("node_id", 1),),
    pure=False,
)
def snowflake_id(node: int) -> str:
    """The number as text."""
    if not 0 <= node <= 1023:
        raise Fault("Node number must be between 0 and 1023")
    return str(_SNOWFLAKES.next(node))


class RandomNumbers:
    """The generator of one `random_int` in a mapping, seeded at its first call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generator: random.Random | None = None

    def next(self, seed: Any, low: int, high: int) -> int:
        """A number from low to high. Raises Fault for a seed that is no number."""
        with self._lock:
            if self._generator is None:
                self._generator = random.Random(get_int(seed()))  # noqa: S311 - a seed is given to repeat the numbers
            return self._generator.randint(low, high)


def _check_random(arguments: dict[str, Any]) -> None:
    low, high = arguments["min"], arguments["max"]
    if low < 0:
        raise Fault(f"min ({low}) must be a positive number")
    if high < low:
        raise Fault(f"min ({low}) must be smaller or equal than max ({high})")
    if high == MAX_INT64:
        raise Fault(f"max must be smaller than the max allowed for an int64 ({MAX_INT64})")


@function(
    "random_int",
    "A pseudo-random integer from min to max; the seed is taken at the first call.",
    parameters=(lazy("seed", 0), integer("min", 0, static=True), integer("max", MAX_INT64 - 1, static=True)),
    state=RandomNumbers,
    pure=False,
    check=_check_random,
)
def random_int(state: RandomNumbers, seed: Any, low: int, high: int) -> int:
    """The number."""
    return state.next(seed, low, high)


_PEOPLE = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hugo", "Ines", "Jon", "Kim", "Lea")
_FAMILIES = ("Abel", "Berg", "Cole", "Dorn", "Egan", "Frey", "Gill", "Hart", "Iver", "Jung", "Kent", "Lund")
_WORDS = (
    "amber",
    "brook",
    "cedar",
    "delta",
    "ember",
    "field",
    "grove",
    "haven",
    "inlet",
    "jetty",
    "knoll",
    "ledge",
)


def _token() -> str:
    parts = (
        b'{"alg":"HS256","typ":"JWT"}',
        b'{"sub":"%d"}' % secrets.randbelow(10**9),
        secrets.token_bytes(32),
    )
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _pick(*parts: tuple[str, ...] | str) -> str:
    return "".join(part if isinstance(part, str) else secrets.choice(part) for part in parts)


def _moment(layout: str) -> str:
    return time.strftime(layout, time.gmtime(secrets.randbelow(2**31)))


_FAKES: dict[str, Any] = {
    "latitude": lambda: secrets.randbelow(180_000_000) / 1e6 - 90,
    "longitude": lambda: secrets.randbelow(360_000_000) / 1e6 - 180,
    "unix_time": lambda: secrets.randbelow(2**31),
    "date": lambda: _moment("%Y-%m-%d"),
    "time_string": lambda: _moment("%H:%M:%S"),
    "month_name": lambda: _moment("%B"),
    "year_string": lambda: _moment("%Y"),
    "day_of_week": lambda: _moment("%A"),
    "day_of_month": lambda: _moment("%d"),
    "timestamp": lambda: _moment("%Y-%m-%d %H:%M:%S"),
    "century": lambda: _pick(("XVIII", "XIX", "XX", "XXI")),
    "timezone": lambda: _pick(("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")),
    "time_period": lambda: _pick(("AM", "PM")),
    "email": lambda: _pick(_WORDS, ".", _WORDS, "@example.", ("com", "net", "org")),
    "mac_address": lambda: ":".join(f"{byte:02x}" for byte in secrets.token_bytes(6)),
    "domain_name": lambda: _pick(_WORDS, ".example.", ("com", "net", "org")),
    "url": lambda: _pick("https://", _WORDS, ".example.com/", _WORDS),
    "username": lambda: _pick(_WORDS, _WORDS),
    "ipv4": lambda: ".".join(str(byte) for byte in secrets.token_bytes(4)),
    "ipv6": lambda: ":".join(secrets.token_hex(2) for _ in range(8)),
    "password": lambda: secrets.token_urlsafe(16),
    "jwt": _token,
    "word": lambda: _pick(_WORDS),
    "sentence": lambda: " ".join(itertools.starmap(_pick, [(_WORDS,)] * 8)).capitalize() + ".",
    "paragraph": lambda: " ".join(_FAKES["sentence"]() for _ in range(4)),
    "cc_type": lambda: _pick(("VISA", "MasterCard", "American Express")),
    "cc_number": lambda: "4" + "".join(str(secrets.randbelow(10)) for _ in range(15)),
    "currency": lambda: _pick(("EUR", "GBP", "JPY", "USD")),
    "amount_with_currency": lambda: _pick(("EUR", "GBP", "USD"), f" {secrets.randbelow(10**6) / 100:.2f}"),
    "title_male": lambda: "Mr.",
    "title_female": lambda: _pick(("Ms.", "Mrs.")),
    "first_name": lambda: _pick(_PEOPLE),
    "first_name_male": lambda: _pick(_PEOPLE),
    "first_name_female": lambda: _pick(_PEOPLE),
    "last_name": lambda: _pick(_FAMILIES),
    "name": lambda: _pick(_PEOPLE, " ", _FAMILIES),
    "gender": lambda: _pick(("Male", "Female", "Prefer to skip")),
    "chinese_first_name": lambda: _pick(("伟", "芳", "娜", "敏")),
    "chinese_last_name": lambda: _pick(("王", "李", "张", "刘")),
    "chinese_name": lambda: _FAKES["chinese_last_name"]() + _FAKES["chinese_first_name"](),
    "phone_number": lambda: f"555-{secrets.randbelow(1000):03d}-{secrets.randbelow(10000):04d}",
    "toll_free_phone_number": lambda: f"(800) 555-{secrets.randbelow(10000):04d}",
    "e164_phone_number": lambda: f"+1555{secrets.randbelow(10**7):07d}",
    "uuid_hyphenated": lambda: str(uuid.uuid4()),
    "uuid_digit": lambda: uuid.uuid4().hex,
}


def _check_fake(arguments: dict[str, Any]) -> None:
    name = arguments.get("function")
    if isinstance(name, str) and name and name not in _FAKES:
        raise Fault(f"invalid faker function: {name}")


@function(
    "fake",
    "Makes up data of a kind, such as `email`.",
    parameters=(string("function", ""),),
    pure=False,
    check=_check_fake,
)
def fake(name: str) -> Any:
    """The made-up value."""
    _check_fake({"function": name})
    return _FAKES[name or "word"]()
