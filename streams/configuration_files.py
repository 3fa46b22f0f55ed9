"""Configurations in files: one stream as Bento has it, or an OpenAPI document with streams as Tyk has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from streams.config import Finding, Node, Text, parse
from streams.errors import ConfigError
from streams.lint import CheckedStream, check_stream
from streams.openapi import check_document
from streams.registry import Registry
from streams.spec import Rules, Severity

SUFFIXES: Final = (".yaml", ".yml", ".json")
TEST_STEMS: Final = ("_bento_test", "_benthos_test")
"""How the names of files end that hold tests of the configuration beside them."""
_EVERYTHING: Final = "..."


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A file that was read and checked."""

    path: Path
    findings: tuple[Finding, ...]
    """In the order of the text."""
    streams: dict[str, CheckedStream] = field(default_factory=dict)
    """Those that can be built, by name."""

    @property
    def is_good(self) -> bool:
        """Nothing stands in the way of running it."""
        return all(found.severity is not Severity.ERROR for found in self.findings)


def find_files(paths: Iterable[str]) -> Iterator[Path]:
    """The files that paths mean: themselves, or the configurations in a folder and below, as `folder/...` says too.

    Raises ConfigError for a path where nothing is.
    """
    for text in paths:
        path = Path(text.removesuffix(_EVERYTHING) or ".")
        if path.is_dir():
            yield from sorted(
                found for found in path.rglob("*") if found.suffix in SUFFIXES and found.is_file()
            )
        elif path.is_file():
            yield path
        else:
            raise ConfigError(f"there is no file {text}")


def is_test_file(path: Path) -> bool:
    """Tell whether a file holds tests and no configuration."""
    return path.stem.endswith(TEST_STEMS)


def read_text(path: Path) -> str:
    """The text of a file. Raises ConfigError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def check_file(path: Path, registry: Registry, rules: Rules) -> ConfigurationFile:
    """Read and check a file. Raises ConfigError when it cannot be read."""
    text = read_text(path)
    root, found = parse(text)
    if root is None or is_document(root):
        checked = check_document(text, registry, rules)
        streams = checked.document.streams if checked.document is not None else {}
        return ConfigurationFile(path, checked.findings, streams)
    name = path.stem
    stream, more = check_stream(name, root, Text(text), registry, rules)
    findings = sorted((*found, *more), key=lambda finding: (finding.line, finding.column))
    return ConfigurationFile(path, tuple(findings), {} if stream is None else {name: stream})


def is_document(root: Node) -> bool:
    """Tell whether a configuration is an OpenAPI document with streams in it."""
    return root.get("openapi") is not None or root.get("x-tyk-streaming") is not None
