"""Methods on text; most take bytes as well and then give bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.goformat import sprintf
from streams.bloblang.registry import OPTIONAL, anything, array, example, integer, method, query, string
from streams.bloblang.run import STEP, Run
from streams.bloblang.values import (
    bytes_string,
    get_string,
    string_bytes,
    type_fault_text,
    type_name,
)

# What Go's unicode.IsSpace takes for white space.
_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def as_text(value: Any, change: Callable[[str], str]) -> Any:
    """The change made to text, or to the text that bytes are. Raises TypeFault for anything else."""
    if value.__class__ is str:
        return change(value)
    if isinstance(value, bytes):
        return string_bytes(change(bytes_string(value)))
    raise TypeFault(value, ("string",))


@method(
    "uppercase", "The text in capital letters.", examples=(example("root = this.uppercase()", ("aé", "AÉ")),)
)
def uppercase(value: Any) -> Any:
    """The text or bytes."""
    return as_text(value, str.upper)


@method(
    "lowercase", "The text in small letters.", examples=(example("root = this.lowercase()", ("AÉ", "aé")),)
)
def lowercase(value: Any) -> Any:
    """The text or bytes."""
    return value.lower() if value.__class__ is str else as_text(value, str.lower)


def _title(text: str) -> str:
    result, inside = [], False
    for char in text:
        letter = char.isalnum() or (char in "'\u2019_" and inside)
        result.append(char.lower() if inside and letter else char.title() if letter else char)
        inside = letter
    return "".join(result)


@method(
    "capitalize",
    "The text with the first letter of each word a capital.",
    examples=(example("root = this.capitalize()", ("the end", "The End")),),
)
def capitalize(value: Any) -> Any:
    """The text or bytes."""
    return as_text(value, _title)


@method(
    "trim",
    "The text without white space, or without the given characters, at either end.",
    parameters=(string("cutset", OPTIONAL),),
    examples=(
        example("root = this.trim()", ("  a b ", "a b")),
        example('root = this.trim("!")', ("!a!", "a")),
    ),
)
def trim(value: Any, cutset: str | None) -> Any:
    """The text or bytes."""
    characters = _SPACE if cutset is None else cutset
    if value.__class__ is str and characters:
        return value.strip(characters)
    return as_text(value, lambda text: text.strip(characters) if characters else text)


@method(
    "trim_prefix",
    "The text without the prefix, if it has it.",
    parameters=(string("prefix"),),
    examples=(example('root = this.trim_prefix("a")', ("aab", "ab"), ("b", "b")),),
)
def trim_prefix(value: Any, prefix: str) -> Any:
    """The text or bytes."""
    return as_text(value, lambda text: text.removeprefix(prefix))


@method(
    "trim_suffix",
    "The text without the suffix, if it has it.",
    parameters=(string("suffix"),),
    examples=(example('root = this.trim_suffix("b")', ("abb", "ab"), ("a", "a")),),
)
def trim_suffix(value: Any, suffix: str) -> Any:
    """The text or bytes."""
    return as_text(value, lambda text: text.removesuffix(suffix))


def _tested(value: Any, test: Callable[[str], bool]) -> bool:
    if not isinstance(value, (str, bytes)):
        raise TypeFault(value, ("string",))
    return test(get_string(value))


@method(
    "has_prefix",
    "Whether the text begins with the argument.",
    parameters=(string("value"),),
    boolean=True,
    examples=(example('root = this.has_prefix("a")', ("ab", True), ("b", False)),),
)
def has_prefix(value: Any, prefix: str) -> bool:
    """Whether it does."""
    if value.__class__ is str:
        return bool(value.startswith(prefix))
    return _tested(value, lambda text: text.startswith(prefix))


@method(
    "has_suffix",
    "Whether the text ends with the argument.",
    parameters=(string("value"),),
    boolean=True,
    examples=(example('root = this.has_suffix("b")', ("ab", True), ("a", False)),),
)
def has_suffix(value: Any, suffix: str) -> bool:
    """Whether it does."""
    return _tested(value, lambda text: text.endswith(suffix))


@method(
    "index_of",
    "Where the argument first occurs in the text, counted in bytes, or -1.",
    parameters=(string("value"),),
    examples=(example('root = this.index_of("c")', ("äbc", 3), ("a", -1)),),
)
def index_of(value: Any, wanted: str) -> int:
    """The index."""
    if not isinstance(value, (str, bytes)):
        raise TypeFault(value, ("string",))
    data = string_bytes(value) if isinstance(value, str) else value
    return data.find(string_bytes(wanted))


def replace_charged(run: Run, text: str, old: str, new: str) -> str:
    """All occurrences replaced; the growth counts as work before it happens. Raises OutOfFuel."""
    if len(new) > len(old):
        run.charge(text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


@method(
    "replace_all",
    "The text with every occurrence of one text replaced by another.",
    parameters=(string("old"), string("new")),
    context=True,
    examples=(example('root = this.replace_all("a", "xy")', ("banana", "bxynxynxy")),),
)
def replace_all(run: Run, value: Any, old: str, new: str) -> Any:
    """The text or bytes."""
    if value.__class__ is str:
        return replace_charged(run, value, old, new)
    return as_text(value, lambda text: replace_charged(run, text, old, new))


method(
    "replace",
    "As replace_all.",
    parameters=(string("old"), string("new")),
    context=True,
    documented=False,
)(replace_all)


def check_pairs(arguments: dict[str, Any]) -> None:
    """Refuses a list of replacements that is not pairs of text."""
    items = arguments.get("values")
    if isinstance(items, list):
        _pairs(items)


def _pairs(items: list[Any]) -> list[tuple[str, str]]:
    if len(items) % 2:
        raise Fault(f"invalid arg, replacements should be in pairs and must therefore be even: {items}")
    texts = []
    for position, item in enumerate(items):
        try:
            texts.append(get_string(item))
        except TypeFault as fault:
            raise Fault(f"invalid replacement value at index {position}: {type_fault_text(fault)}") from None
    return list(zip(texts[::2], texts[1::2], strict=True))


@method(
    "replace_all_many",
    "The text with replacements made one after the other, given as an array of pairs of old and new.",
    parameters=(array("values"),),
    context=True,
    check=check_pairs,
    examples=(example('root = this.replace_all_many(["a", "b", "b", "c"])', ("ab", "cc")),),
)
def replace_all_many(run: Run, value: Any, items: list[Any]) -> Any:
    """The text or bytes."""
    pairs = _pairs(items)

    def replaced(text: str) -> str:
        for old, new in pairs:
            text = replace_charged(run, text, old, new)
        return text

    return as_text(value, replaced)


method(
    "replace_many",
    "As replace_all_many.",
    parameters=(array("values"),),
    context=True,
    check=check_pairs,
    documented=False,
)(replace_all_many)


@method(
    "split",
    "The parts of text or bytes between occurrences of a delimiter; of arrays, between elements equal to it.",
    parameters=(anything("delimiter"),),
    context=True,
    examples=(
        example('root = this.split(",")', ("a,b", ["a", "b"]), ("", [""])),
        example("root = this.split(0)", ([1, 0, 2], [[1], [2]])),
    ),
)
def split(run: Run, value: Any, delimiter: Any) -> list[Any]:
    """The parts."""
    if isinstance(value, list):
        return _split_array(value, lambda item: run.equal(delimiter, item))
    if not isinstance(value, (str, bytes)):
        raise TypeFault(value, ("string", "array", "bytes"))
    run.charge(len(value))
    if not isinstance(delimiter, (str, bytes)):
        raise Fault(
            f"delimiter type: {_go_name(delimiter)} must match type of list elements: {_go_name(value)}"
        )
    if isinstance(value, bytes):
        mark = string_bytes(delimiter) if isinstance(delimiter, str) else delimiter
        return value.split(mark) if mark else [value[at : at + 1] for at in range(len(value))]
    text = get_string(delimiter)
    return list(value.split(text)) if text else list(value)


def _go_name(value: Any) -> str:
    names = {
        "number": "int",
        "object": "map[string]interface {}",
        "array": "[]interface {}",
        "bytes": "[]uint8",
    }
    return names.get(type_name(value), type_name(value))


def _split_array(value: list[Any], is_delimiter: Callable[[Any], bool]) -> list[Any]:
    parts: list[list[Any]] = [[]]
    for item in value:
        if is_delimiter(item):
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


@method(
    "split_by",
    "The parts of an array, or of the characters of text, between elements for which a query is true.",
    parameters=(query("predicate"),),
    context=True,
    examples=(
        example('root = this.split_by(c -> c == "," || c == ";")', ("a,b;c", ["a", "b", "c"])),
        example("root = this.split_by(n -> n > 5)", ([1, 9, 2], [[1], [2]])),
    ),
)
def split_by(run: Run, value: Any, predicate: Callable[[Any], Any]) -> list[Any]:
    """The parts."""
    if not isinstance(value, (str, bytes, list)):
        raise TypeFault(value, ("string", "array", "bytes"))
    run.charge(STEP * len(value))
    parts = _split_array(list(value), lambda item: predicate(item) is True)
    if isinstance(value, str):
        return ["".join(part) for part in parts]
    return [bytes(part) for part in parts] if isinstance(value, bytes) else parts


@method(
    "repeat",
    "The text that many times in a row.",
    parameters=(integer("count"),),
    context=True,
    examples=(example("root = this.repeat(3)", ("ab", "ababab")),),
)
def repeat(run: Run, value: Any, count: int) -> Any:
    """The text or bytes, counted as work before it is made."""
    if not isinstance(value, (str, bytes)):
        raise TypeFault(value, ("string",))
    if count < 0:
        raise Fault(f"invalid count, must be greater than or equal to zero: {count}")
    run.charge(len(value) * count)
    return value * count


@method("reverse", "The text backwards.", examples=(example("root = this.reverse()", ("abc", "cba")),))
def reverse(value: Any) -> Any:
    """The text or bytes."""
    if not isinstance(value, (str, bytes)):
        raise TypeFault(value, ("string",))
    return value[::-1]


@method(
    "format",
    "The text with its verbs replaced by the arguments, as Go's fmt does.",
    variadic=True,
    context=True,
    examples=(
        example(
            'root = "%s is %v (%05.2f)".format(this.n, this.v, 3.14159)',
            ({"n": "pi", "v": 3}, "pi is 3 (03.14)"),
        ),
    ),
)
def format_text(run: Run, value: Any, *arguments: Any) -> str:
    """The text."""
    for argument in arguments:
        if isinstance(argument, (list, dict)):
            run.measure(argument)
    return sprintf(get_string(value), arguments)
