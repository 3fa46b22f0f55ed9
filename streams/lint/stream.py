"""Check one stream: input, pipeline and output, and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from streams.batching import is_on
from streams.config import Finding, Node, Text, bind_environment
from streams.limits import DEFAULT_LIMITS, StreamLimits
from streams.lint.buffers import MAX_IN_FLIGHT, batches_in_flight, buffer_faults, has_no_effect
from streams.lint.clients import channel_faults, client_faults
from streams.lint.component import ComponentChecker
from streams.lint.documented_forms import warning_at, with_one_output
from streams.lint.references import without_reference
from streams.lint.values import check_fields, unknown_key
from streams.lint.variables import caller_faults
from streams.registry import Registry
from streams.spec import Component, Field, FieldType, Kind, Rules, Severity, held, is_replayable

PIPELINE: Final = (
    Field(
        "threads", FieldType.INT, "Lanes that process batches; -1 and 1 both mean one, in order.", default=-1
    ),
    Field("processors", FieldType.ANY, "What is done to each message.", default=[]),
)
OPTIONS: Final = (
    Field(
        "shutdown_delay",
        FieldType.DURATION,
        "Accepted; no figures have to be fetched before a stream may end.",
        default="0s",
    ),
    Field("shutdown_timeout", FieldType.DURATION, "How long a stream may take to finish.", default="20s"),
)
RESOURCES: Final = {
    "cache_resources": Kind.CACHE,
    "rate_limit_resources": Kind.RATE_LIMIT,
    "processor_resources": Kind.PROCESSOR,
    "input_resources": Kind.INPUT,
    "output_resources": Kind.OUTPUT,
}
"""Each may name those checked before it."""
_UNSUPPORTED: Final = {
    "http": "the addresses of HTTP servers belong to the gateway",
}
OPERATORS: Final = {
    "logger": "Sluice logs every stream with its name",
    "metrics": "Sluice counts every stream itself",
    "tracer": "streams are not traced in this version of Sluice",
}
_KNOWN: Final = [
    "input",
    "buffer",
    "pipeline",
    "output",
    "outputs",
    "tests",
    *RESOURCES,
    *(option.name for option in OPTIONS),
]


@dataclass(frozen=True, slots=True)
class CheckedStream:
    """A stream that can be built."""

    name: str
    input: Component
    processors: tuple[Component, ...]
    output: Component
    shutdown_timeout: float = 20.0
    """Seconds."""
    in_flight: int = MAX_IN_FLIGHT
    """Batches that may wait for the output at a time."""
    buffer: Component | None = None
    """What stands between the input and the processors."""
    limits: StreamLimits = DEFAULT_LIMITS
    """What it may hold."""

    def components(self) -> Iterator[Component]:
        """Every component of the stream, children and siblings included."""
        buffers = () if self.buffer is None else (self.buffer,)
        for component in (self.input, *buffers, *self.processors, self.output):
            yield from descendants(component)

    @property
    def in_gateway(self) -> bool:
        """An HTTP server is part of it, so that it runs in the gateway."""
        return any(component.spec.in_gateway for component in self.components())

    @property
    def single(self) -> bool:
        """Only one process may run it."""
        return any(c.spec.kind is Kind.INPUT and not c.spec.shared for c in self.components())

    @property
    def replayable(self) -> bool:
        """Another process that reads the same topic makes the same messages."""
        processors = [c for c in self.components() if c.spec.kind is Kind.PROCESSOR]
        alone = self.input.spec.name == "kafka" and not is_on(self.input.config["batching"])
        return alone and self.buffer is None and all(map(is_replayable, processors))


def descendants(component: Component) -> Iterator[Component]:
    """A component, the processors beside it, and all that its fields hold."""
    yield component
    for child in (*component.processors, *held(component.config)):
        yield from descendants(child)


def check_stream(
    name: str, node: Node, source: Text, registry: Registry, rules: Rules
) -> tuple[CheckedStream | None, list[Finding]]:
    """Check a stream. Returns it, or None when it cannot be built, and everything found."""
    checker = ComponentChecker(source, registry, rules, node.pointer)
    if not isinstance(node.value, dict):
        return None, [source.finding(node, "wrong_type", f"a stream is an object, not {node.type_name}")]
    node = _with_environment(checker, node, registry)
    _top_level(checker, node)
    options = check_fields(checker, OPTIONS, _options_node(node), "a stream")
    for key, kind in RESOURCES.items():
        checker.resources(kind, node.get(key))
    reading = _required(checker, Kind.INPUT, node)
    processors = _pipeline(checker, node)
    writing = _required(checker, Kind.OUTPUT, with_one_output(source, checker.findings, node))
    buffer = _buffer(checker, node)
    if rules.dialect == "tyk" and processors:
        checker.findings.append(_flows_on(source, node))
    if reading is None or writing is None or any(f.severity is Severity.ERROR for f in checker.findings):
        return None, checker.findings
    reading, writing = without_reference(reading), without_reference(writing)
    stream = CheckedStream(
        name,
        reading,
        processors,
        writing,
        options["shutdown_timeout"],
        batches_in_flight(writing),
        buffer,
        registry.limits,
    )
    if has_no_effect(reading, buffer):
        checker.findings.append(_idle_buffer(source, node))
    found = (
        *caller_faults(stream, reading),
        *client_faults(reading, writing),
        *buffer_faults(reading, buffer),
        *channel_faults(stream, reading),
    )
    faults = [source.finding(node, *fault) for fault in found]
    return None if faults else stream, [*checker.findings, *faults]


def _with_environment(checker: ComponentChecker, node: Node, registry: Registry) -> Node:
    bound, missing = bind_environment(node, registry.environment)
    for at, name in missing:
        message = f"definitions may not use the environment variable {name!r}, or it is not set"
        remedy = f"write a default, `${{{name}:...}}`, or `${{{{{name}}}}}` for the text itself; "
        remedy += "SLUICE_STREAMING_ENVIRONMENT lists the variables that may be used"
        checker.findings.append(checker.source.finding(at, "environment_unknown", message, remedy))
    return bound


def _top_level(checker: ComponentChecker, node: Node) -> None:
    for key, child in node.value.items():
        if key in _UNSUPPORTED and child.plain():
            finding = checker.source.finding_at_key(
                child, "not_supported", _UNSUPPORTED[key], f"take {key!r} out"
            )
            checker.findings.append(finding)
        elif key in OPERATORS:
            finding = checker.source.finding_at_key(
                child, "ignored", f"{key!r} has no effect: {OPERATORS[key]}"
            )
            checker.findings.append(replace(finding, severity=Severity.WARNING))
        elif key not in _KNOWN and key not in _UNSUPPORTED:
            unknown_key(checker, key, child, _KNOWN)


def _buffer(checker: ComponentChecker, node: Node) -> Component | None:
    child = node.get("buffer")
    if child is None or not child.value:
        return None
    found = checker.component(Kind.BUFFER, child)
    return None if found is None or found.spec.name == "none" else found


def _options_node(node: Node) -> Node:
    names = {option.name for option in OPTIONS}
    return replace(node, value={key: child for key, child in node.value.items() if key in names})


def _required(checker: ComponentChecker, kind: Kind, node: Node) -> Component | None:
    child = node.get(kind.value)
    if child is None:
        checker.findings.append(
            checker.source.finding(
                node, "missing_field", f"the stream has no {kind.value}", f"add {kind.value!r}"
            )
        )
        return None
    return checker.component(kind, child)


def _pipeline(checker: ComponentChecker, node: Node) -> tuple[Component, ...]:
    child = node.get("pipeline")
    if child is None:
        return ()
    check_fields(checker, PIPELINE, child, "pipeline")
    return checker.components(Kind.PROCESSOR, child.get("processors"))


def _idle_buffer(source: Text, node: Node) -> Finding:
    message = (
        "a request is answered when the output has its messages, not when they are in a buffer as in Bento"
    )
    remedy = "take the buffer out, or write to a topic that another stream reads"
    return warning_at(source, node.get("buffer") or node, "buffer_without_effect", message, remedy)


def _flows_on(source: Text, node: Node) -> Finding:
    child = node.get("pipeline") or node
    finding = source.finding_at_key(
        child,
        "failed_messages_flow_on",
        "a message whose processing fails is sent on as it was, flagged as failed, as Tyk Streams does",
        "definitions made at /api/definitions put such messages in quarantine instead",
    )
    return replace(finding, severity=Severity.WARNING)
