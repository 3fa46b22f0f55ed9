"""Binary formats and numbers in bytes."""

from __future__ import annotations

from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.msgpack import pack, unpack
from streams.bloblang.registry import Naming, example, integer, method
from streams.bloblang.run import Run
from streams.bloblang.values import get_bytes


@method(
    "parse_msgpack",
    "The value of MessagePack bytes.",
    context=True,
    naming=Naming.NONE,
    examples=(example('root = this.decode("hex").parse_msgpack()', ("81a16101", {"a": 1})),),
)
def parse_msgpack(run: Run, value: Any) -> Any:
    """The value."""
    return unpack(get_bytes(value), run.charge)


@method(
    "format_msgpack",
    "The value as MessagePack bytes.",
    context=True,
    naming=Naming.NONE,
    examples=(example('root = this.format_msgpack().encode("hex")', ({"a": 1}, "81a16101")),),
)
def format_msgpack(run: Run, value: Any) -> bytes:
    """The bytes."""
    return pack(run.measure(value))


_MAX_SCALE = 16383


def check_scale(arguments: dict[str, Any]) -> None:
    """Refuses a constant scale out of range."""
    scale = arguments.get("scale")
    if isinstance(scale, int) and not 0 <= scale <= _MAX_SCALE:
        raise Fault(f"scale must be between 0 and {_MAX_SCALE}, got {scale}")


@method(
    "parse_big_decimal",
    "The decimal text of a number in two's complement bytes, as Kafka Connect encodes it.",
    parameters=(integer("scale"),),
    context=True,
    naming=Naming.NONE,
    check=check_scale,
    examples=(
        example('root = this.decode("base64").parse_big_decimal(2)', ("MDk=", "123.45"), ("/w==", "-0.01")),
    ),
)
def parse_big_decimal(run: Run, value: Any, scale: int) -> str:
    """The text, with as many decimals as the scale says."""
    check_scale({"scale": scale})
    data = get_bytes(value)
    if not data:
        raise Fault("cannot parse empty bytes as big decimal")
    # Turning it into decimal takes the square of its length.
    run.charge(len(data) * (1 + len(data) // 64) + scale)
    if len(data) > 1024:
        raise Fault("cannot parse more than 1024 bytes as big decimal")
    number = int.from_bytes(data, "big", signed=True)
    digits = str(abs(number)).rjust(scale + 1, "0")
    whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :]
    return f"{'-' if number < 0 else ''}{whole}{'.' if scale else ''}{fraction}"
