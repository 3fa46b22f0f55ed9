"""Tests at work: the processors that a test means, what they make of its messages, and what is wrong with that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from streams.config import Node, Text, parse
from streams.configuration_files import SUFFIXES, TEST_STEMS, is_test_file, read_text
from streams.errors import ConfigError, SluiceError
from streams.lint import CheckedStream, check_stream
from streams.message import Message
from streams.processors.nested import run_nested
from streams.registry import Registry
from streams.spec import BuildContext, Rules, Severity
from streams.stages import build_stages
from streams.standalone import standalone_identity
from streams.statistics import Statistics
from streams.stopping import StopSignal
from streams.stream_tests.conditions import check_message
from streams.stream_tests.definition import InputMessage, StreamTest, read_tests
from streams.stream_tests.target import find_target, with_mocks

_RESOURCES: Final = ("cache_resources", "rate_limit_resources", "processor_resources")
_ENDS: Final = {"input": {"generate": {"mapping": "root = {}"}}, "output": {"drop": {}}}


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed."""

    name: str
    line: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the tests of one file."""

    path: Path
    passed: int
    failures: tuple[Failure, ...]


class TestFile:
    """The tests of one configuration, which stand in it or in a file beside it."""

    __test__ = False

    def __init__(self, path: Path, registry: Registry, services: Mapping[type, object]) -> None:
        """path: of the configuration, or of the file with its tests. Raises ConfigError."""
        self.path = path
        self._registry = registry
        self._services = services
        root, text = _root(path)
        self._tests, findings = read_tests(root, text)
        if findings:
            raise ConfigError("\n".join(f"{path}:{finding}" for finding in findings))
        self._configuration = _configuration_beside(path) if is_test_file(path) else path

    async def run(self) -> Outcome:
        """Run all tests."""
        made = [Failure(test.name, test.line, tuple(await self._problems(test))) for test in self._tests]
        failures = tuple(failure for failure in made if failure.problems)
        return Outcome(self.path, len(made) - len(failures), failures)

    async def _problems(self, test: StreamTest) -> list[str]:
        try:
            stream = self._stream(test)
            batches = [[self._message(given) for given in batch] for batch in test.input_batches]
            made = await self._processed(stream, batches)
        except (SluiceError, OSError) as error:
            return [str(error)]
        return _compared(made, test, self.path.parent)

    def _stream(self, test: StreamTest) -> CheckedStream:
        """A stream of just the processors that the test means. Raises ConfigError."""
        if test.target_mapping:
            mapping = read_text(self.path.parent / test.target_mapping)
            return self._checked({}, [{"mapping": mapping}], test.environment)
        name, _, pointer = test.target_processors.rpartition("#")
        root, _ = _root(self.path.parent / name if name else self._configuration)
        configuration = with_mocks(root.plain(), test.mocks)
        resources = configuration.get("processor_resources") or []
        # A resource stays among the resources, as no two processors have the same label.
        processors = [
            {"resource": one.get("label")} if one in resources else one
            for one in find_target(configuration, pointer)
        ]
        return self._checked(configuration, processors, test.environment)

    def _checked(
        self, configuration: Mapping[str, Any], processors: Sequence[Any], environment: Mapping[str, str]
    ) -> CheckedStream:
        resources = {key: configuration[key] for key in _RESOURCES if key in configuration}
        text = json.dumps({**_ENDS, **resources, "pipeline": {"processors": processors}})
        root, _ = parse(text)
        assert root is not None  # noqa: S101 - what json writes is read
        registry = self._registry.with_environment({**self._registry.environment, **environment})
        stream, findings = check_stream("test", root, Text(text), registry, Rules())
        if stream is None:
            errors = [finding for finding in findings if finding.severity is Severity.ERROR]
            raise ConfigError("\n".join(f"{one.pointer}: {one.message}" for one in errors))
        return stream

    async def _processed(self, stream: CheckedStream, batches: list[list[Message]]) -> list[list[Message]]:
        stopping = StopSignal()
        services = {**self._services, Statistics: Statistics(), StopSignal: stopping}
        context = BuildContext(standalone_identity("test", "tyk"), services)
        try:
            for stage in build_stages(stream.processors, context):
                batches = [made for batch in batches for made in await run_nested([stage], batch)]
        finally:
            stopping.set()
            await context.close_resources()
        return batches

    def _message(self, given: InputMessage) -> Message:
        metadata = dict(given.metadata or {})
        if given.json_content is not None:
            return Message(value=given.json_content, metadata=metadata)
        if given.file_content is not None:
            return Message((self.path.parent / given.file_content).read_bytes(), metadata=metadata)
        return Message((given.content or "").encode(), metadata=metadata)


def has_tests(path: Path) -> bool:
    """Tell whether a file holds tests. Raises ConfigError."""
    root, _ = parse(read_text(path))
    return root is not None and root.get("tests") is not None


def _compared(made: list[list[Message]], test: StreamTest, folder: Path) -> list[str]:
    """What is wrong with the batches that came out."""
    wanted = test.output_batches
    problems: list[str] = []
    if len(made) != len(wanted):
        problems.append(f"wrong batch count, expected {len(wanted)}, got {len(made)}")
    for at, (batch, conditions) in enumerate(zip(made, wanted, strict=False)):
        if len(batch) != len(conditions):
            problems.append(f"batch {at}: wrong message count, expected {len(conditions)}, got {len(batch)}")
        for place, (message, expected) in enumerate(zip(batch, conditions, strict=False)):
            found = check_message(batch, place, expected, folder)
            if found and message.error is not None:
                found.append(f"the message failed: {message.error.text}")
            problems += [f"batch {at} message {place}: {problem}" for problem in found]
    return problems


def _root(path: Path) -> tuple[Node, str]:
    text = read_text(path)
    root, findings = parse(text)
    if root is None:
        raise ConfigError("\n".join(f"{path}:{finding}" for finding in findings))
    return root, text


def _configuration_beside(path: Path) -> Path:
    """The configuration that a file holds tests of. Raises ConfigError."""
    stem = path.stem
    for ending in TEST_STEMS:
        stem = stem.removesuffix(ending)
    for suffix in SUFFIXES:
        if (beside := path.with_name(stem + suffix)).is_file():
            return beside
    raise ConfigError(f"{path}: there is no configuration {stem}.yaml beside it")
