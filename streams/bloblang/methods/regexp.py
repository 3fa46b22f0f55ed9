"""Regular expressions, by RE2: their time grows with the text, whatever the pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.registry import example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import bytes_string, string_bytes

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_MAX_PATTERN = 10_000


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The pattern, ready to match bytes. Raises Fault in the words of Go's regexp."""
    if len(pattern) > _MAX_PATTERN:
        raise Fault(f"the regular expression is longer than {_MAX_PATTERN} characters")
    try:
        return re2.compile(string_bytes(pattern), _OPTIONS)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        shown = bytes_string(reason) if isinstance(reason, bytes) else str(reason)
        raise Fault(f"error parsing regexp: {shown}") from None


def check_pattern(arguments: dict[str, Any]) -> None:
    """Refuses a constant pattern that does not compile."""
    if isinstance(arguments.get("pattern"), str):
        compiled(arguments["pattern"])


def _data(value: Any) -> bytes:
    if isinstance(value, str):
        return string_bytes(value)
    if isinstance(value, bytes):
        return value
    raise TypeFault(value, ("string",))


def _matches(pattern: Any, data: bytes) -> Iterator[Any]:
    """Successive matches as Go finds them: an empty one right after a match does not count."""
    previous = -1
    for match in pattern.finditer(data):
        start, end = match.span()
        if start != end or start != previous:
            yield match
        previous = end


def _groups(match: Any) -> list[str]:
    return [bytes_string(group or b"") for group in (match.group(0), *match.groups())]


def _names(pattern: Any) -> list[str]:
    names = {number: name for name, number in pattern.groupindex.items()}
    return [_as_text(names.get(number, number)) for number in range(pattern.groups + 1)]


def _as_text(name: Any) -> str:
    return bytes_string(name) if isinstance(name, bytes) else str(name)


@method(
    "re_match",
    "Whether the pattern matches any part of the text.",
    parameters=(string("pattern"),),
    boolean=True,
    check=check_pattern,
    examples=(example('root = this.re_match("[0-9]+")', ("a1", True), ("a", False)),),
)
def re_match(value: Any, pattern: str) -> bool:
    """Whether it does."""
    return compiled(pattern).search(_data(value)) is not None


@method(
    "re_find_all",
    "All matches of the pattern.",
    parameters=(string("pattern"),),
    check=check_pattern,
    examples=(example('root = this.re_find_all("a.")', ("abacx", ["ab", "ac"])),),
)
def re_find_all(value: Any, pattern: str) -> list[str]:
    """The matched texts."""
    return [bytes_string(match.group(0)) for match in _matches(compiled(pattern), _data(value))]


@method(
    "re_find_all_submatch",
    "All matches of the pattern, each as an array of the match and its groups.",
    parameters=(string("pattern"),),
    check=check_pattern,
    examples=(example('root = this.re_find_all_submatch("a(.)")', ("abac", [["ab", "b"], ["ac", "c"]])),),
)
def re_find_all_submatch(value: Any, pattern: str) -> list[list[str]]:
    """The matches."""
    return [_groups(match) for match in _matches(compiled(pattern), _data(value))]


@method(
    "re_find_object",
    "The first match as an object of its groups, by name or number; the whole match is `0`.",
    parameters=(string("pattern"),),
    check=check_pattern,
    examples=(
        example(
            'root = this.re_find_object("(?P<k>[a-z])=([0-9])")',
            ("a=1", {"0": "a=1", "2": "1", "k": "a"}),
            ("", {}),
        ),
    ),
)
def re_find_object(value: Any, pattern: str) -> dict[str, str]:
    """The groups; empty where nothing matches."""
    regexp = compiled(pattern)
    match = regexp.search(_data(value))
    return {} if match is None else dict(zip(_names(regexp), _groups(match), strict=True))


@method(
    "re_find_all_object",
    "All matches as objects of their groups, by name or number; the whole match is `0`.",
    parameters=(string("pattern"),),
    check=check_pattern,
    examples=(
        example(
            'root = this.re_find_all_object("(?P<k>[a-z])")',
            ("ab", [{"0": "a", "k": "a"}, {"0": "b", "k": "b"}]),
        ),
    ),
)
def re_find_all_object(value: Any, pattern: str) -> list[dict[str, str]]:
    """The matches."""
    regexp = compiled(pattern)
    names = _names(regexp)
    return [dict(zip(names, _groups(match), strict=True)) for match in _matches(regexp, _data(value))]


_REFERENCE = re.compile(r"\$(?:\$|([0-9A-Za-z_]+)|\{([0-9A-Za-z_]+)\})")


@method(
    "re_replace_all",
    "The text with every match replaced; `$1` and `${name}` in the replacement stand for groups.",
    parameters=(string("pattern"), string("value")),
    context=True,
    check=check_pattern,
    examples=(example('root = this.re_replace_all("([a-z])=([0-9])", "$2:$1")', ("a=1", "1:a")),),
)
def re_replace_all(run: Run, value: Any, pattern: str, replacement: str) -> str:
    """The text; what it grows by counts as work."""
    regexp = compiled(pattern)
    data = _data(value)
    parts: list[str] = []
    position = 0
    for match in _matches(regexp, data):
        start, end = match.span()
        parts += (bytes_string(data[position:start]), _expanded(match, regexp, replacement))
        run.charge(1 + len(parts[-1]))
        position = end
    parts.append(bytes_string(data[position:]))
    return "".join(parts)


def _expanded(match: Any, regexp: Any, replacement: str) -> str:
    if "$" not in replacement:
        return replacement
    names = {
        name: text for name, text in zip(_names(regexp), _groups(match), strict=True) if not name.isdigit()
    }
    numbered = dict(enumerate(_groups(match)))

    def expand(reference: re.Match[str]) -> str:
        name = reference.group(1) or reference.group(2)
        if name is None:
            return "$"
        return numbered.get(int(name), "") if name.isdigit() and len(name) < 5 else names.get(name, "")

    return _REFERENCE.sub(expand, replacement)


method(
    "re_replace",
    "As re_replace_all.",
    parameters=(string("pattern"), string("value")),
    context=True,
    check=check_pattern,
    documented=False,
)(re_replace_all)
