"""What a component says of itself, and the contracts between an input, processors and an output.

A component is declared once, as a ComponentSpec. Validation, defaults, documentation and the choice of who
runs a stream all come from that declaration.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

from streams.connections import Connections
from streams.errors import SluiceError
from streams.limits import Limit
from streams.message import JsonValue, Message

Config = Mapping[str, Any]
"""A checked component body: every field present, defaults filled in, child components as Component."""

_Service = TypeVar("_Service")


class MissingServiceError(SluiceError):
    """A component needs something that this process does not offer."""


class Kind(Enum):
    """What a component can be; the value is its name in a configuration."""

    INPUT = "input"
    PROCESSOR = "processor"
    OUTPUT = "output"
    CACHE = "cache"
    RATE_LIMIT = "rate_limit"
    BUFFER = "buffer"
    SCANNER = "scanner"


class FieldType(Enum):
    """What a field may hold."""

    STRING = "string"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    DURATION = "duration"
    """A Go duration such as `1m30s`; checked into seconds as a float."""
    BLOBLANG = "bloblang"
    """A mapping, checked by compiling it; its text is passed on."""
    OBJECT = "object"
    """A group of the fields in `children`."""
    ANY = "any"
    INPUT = "input"
    PROCESSOR = "processor"
    OUTPUT = "output"
    SCANNER = "scanner"
    CACHE = "cache"
    """The label of one of the stream's `cache_resources`; checked into its Component."""
    RATE_LIMIT = "rate_limit"
    """The label of one of the stream's `rate_limit_resources`; checked into its Component."""
    PROCESSOR_RESOURCE = "processor_resource"
    """The label of one of the stream's `processor_resources`; checked into its Component."""
    INPUT_RESOURCE = "input_resource"
    """The label of one of the stream's `input_resources`; checked into its Component."""
    OUTPUT_RESOURCE = "output_resource"
    """The label of one of the stream's `output_resources`; checked into its Component."""


class Shape(Enum):
    """How many values a field holds."""

    ONE = "one"
    LIST = "list"
    MAP = "map"
    """Any keys, each with a value of the field's type."""


class _Required(Enum):
    REQUIRED = "required"


REQUIRED: Final = _Required.REQUIRED
"""The default of a field that must be given."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a component, or of a group of fields."""

    name: str
    type: FieldType
    summary: str
    default: JsonValue | _Required = REQUIRED
    options: tuple[str, ...] = ()
    """The only texts allowed; none: any."""
    shape: Shape = Shape.ONE
    interpolated: bool = False
    """`${! }` in its text is evaluated for each message."""
    children: tuple[Field, ...] = ()
    caller_variables: bool = False
    """`$tyk_context` and `$tyk_meta` in its text are put in for each caller; mappings take them in any case."""
    secret: bool = False
    """Never shown again after it was saved."""
    limit: Limit | None = None
    """The limit of streams that a number may not exceed."""
    refused: str = ""
    """Why this version does not act on it; a value other than the default is then an error that says so."""


class DryRun(Enum):
    """What a dry run, which changes nothing and calls nobody, does with a component; the value says why."""

    RUN = "it keeps to the stream"
    OUTSIDE = "it reaches outside the stream"
    WAIT = "it only makes messages wait"


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """The definition cannot be saved."""
    WARNING = "warning"
    """It runs, but its author should know."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a component's own check has against its body."""

    path: tuple[str | int, ...]
    """Keys and indexes from the component's body to the value; empty: the body itself."""
    code: str
    """A stable name, such as `portal_url_elsewhere`."""
    message: str
    remedy: str = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Rules:
    """What depends on the operator and the place where a definition is saved."""

    dialect: str = "sluice"
    """`sluice` or `tyk`."""
    portal_url: str = ""
    """Where this portal is reached; a definition may name no other."""
    event_types: frozenset[str] | None = None
    """Event types that products of the organization offer; None: not known here."""
    connections: Connections | None = None
    """The brokers the definition's organization may use; None: not checked here."""
    sqlite_directories: tuple[str, ...] | None = None
    """Where definitions may open SQLite files; None: not checked here."""
    reserved_paths: frozenset[str] = frozenset()
    """First segments of listen paths that belong to Sluice itself, such as `/healthz`."""


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """Which stream a component is built for."""

    definition_id: int
    organization_id: int
    definition_name: str
    stream_name: str
    dialect: str
    """`tyk` or `sluice`."""
    revision: int


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a checked configuration, with everything needed to build it."""

    spec: ComponentSpec
    config: Config
    pointer: str
    """JSON pointer from the stream to the component, such as `/pipeline/processors/1`."""
    label: str = ""
    processors: tuple[Component, ...] = ()
    """The `processors` beside an input or output."""

    @property
    def stage(self) -> str:
        """How people name it: its label, else its path such as `pipeline.processors.1`."""
        return self.label or self.pointer.strip("/").replace("/", ".")


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What a component may ask for while it is built."""

    stream: StreamIdentity
    services: Mapping[type, object]
    component: Component | None = None
    """The component being built."""
    resources: dict[str, Any] = field(default_factory=dict)
    """Caches and rate limits built so far, by label: whoever names one gets the same."""

    @property
    def stage(self) -> str:
        """The name of the component being built, for errors and counters."""
        return self.component.stage if self.component else ""

    def service(self, kind: type[_Service]) -> _Service:
        """Return what an upper layer passed in under this type. Raises MissingServiceError."""
        found = self.services.get(kind)
        if found is None:
            raise MissingServiceError(
                f"{self.stage or 'the stream'} needs a {kind.__name__}, which this process does not provide"
            )
        return found  # type: ignore[return-value]  # the key is the value's type, which Mapping cannot say

    def choice(self, default: _Service) -> _Service:
        """Return what an upper layer chose of this value's type, else the default."""
        return self.services.get(type(default), default)  # type: ignore[return-value]  # as for `service`

    def build(self, component: Component) -> Any:
        """Build a component, or a child of the one being built."""
        return component.spec.build(component.config, replace(self, component=component))

    def resource(self, component: Component) -> Any:
        """Return the cache or rate limit of the stream that a field names; the first to ask builds it."""
        key = f"{component.spec.kind.value}/{component.label}"
        if key not in self.resources:
            self.resources[key] = self.build(component)
        return self.resources[key]

    async def close_resources(self) -> None:
        """Let go of the stream's resources, when none of its components uses them any more."""
        for resource in self.resources.values():
            if isinstance(resource, Closable):
                await resource.close()


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """A component, declared once."""

    kind: Kind
    name: str
    summary: str
    build: Callable[[Config, BuildContext], Any]
    """Makes an Input, Processor or Output of a checked body."""
    fields: tuple[Field, ...] = ()
    value_form: bool = False
    """The body is the value of the only field, as in `mapping: |`; `build` sees it under the field's name."""
    description: str = ""
    examples: tuple[JsonValue, ...] = ()
    """Bodies that pass the check."""
    aliases: tuple[str, ...] = ()
    check: Callable[[Config, Rules], Iterable[Problem]] | None = None
    """What the fields alone cannot say; called once they are right."""
    shared: bool = True
    """Inputs: any number of processes may run it, as the broker divides it. False: only one may."""
    replayable: bool | Callable[[Config], bool] = False
    """Processors: stateless, deterministic, without I/O: another process gets the same by repeating it."""
    per_message: bool | Callable[[Config], bool] = False
    """Processors: looks at each message alone and gives at most one for it, in order."""
    computes: bool = False
    """Processors: `process` never waits, so that what takes long may be done in a thread, one batch at a time."""
    batchwise: bool | Callable[[Config], bool] = False
    """Outputs: what is one batch to the author is one write; False: what was read together may be written so."""
    answers: bool | Callable[[Config], bool] = False
    """It may give something back to whoever sent a message by HTTP."""
    in_gateway: bool = False
    """It answers HTTP clients, so that its stream runs in the gateway and not in a worker."""
    dry_run: DryRun = DryRun.OUTSIDE
    """Whether a dry run runs it, or lets messages pass it."""


Acknowledge = Callable[[Exception | None], Awaitable[None]]
"""Called exactly once for a batch: None when it was dealt with, else why it was not."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages read together, and how to tell their input what became of them."""

    messages: list[Message]
    acknowledge: Acknowledge
    grouped: bool = False
    """The messages are one batch to the author of the stream, not merely read together."""
    replay: bool = True
    """A rejected batch is processed again until it is accepted; False: the input itself decides what then."""
    lane: Hashable = None
    """Batching policies put together only what has the same, such as the records of one partition."""
    before: tuple[Processor, ...] = ()
    """Processors beside the inputs it came through, to be run before those of the pipeline."""


@runtime_checkable
class Closable(Protocol):
    """A resource that holds something open, such as a connection."""

    async def close(self) -> None:
        """Let go of it."""


class Input(Protocol):
    """Where messages come from."""

    async def connect(self) -> None:
        """Get ready to read. Raises ConnectError; trying again may help."""

    async def read(self) -> Batch:
        """Return the next messages, waiting for them. Raises EndOfInput; ConnectError: connect anew."""

    async def close(self) -> None:
        """Read no more and let go of everything. Acknowledgements still count until then."""


@runtime_checkable
class Reclaiming(Protocol):
    """An input that makes messages of what it reads, and so knows better what a message held back is good for."""

    async def reclaim(self, messages: list[Message]) -> list[Message]:
        """Take messages anew that were read for it and held in quarantine. Returns those that it made itself.

        Raises OutputError for those that it cannot take.
        """


class Processor(Protocol):
    """What changes messages on their way. It returns its own and leaves those it is given as they are."""

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """Return the batches made of one batch. Never raises for bad data: it flags `message.error`."""


class Output(Protocol):
    """Where messages go."""

    async def connect(self) -> None:
        """Get ready to write. Raises ConnectError; trying again may help."""

    async def write(self, messages: list[Message]) -> None:
        """Return when all are safe. Raises OutputError when they, or some (BatchError), are not."""

    async def close(self) -> None:
        """Finish what was begun and let go of everything."""


def held(value: object) -> Iterator[Component]:
    """The components in a checked value, however deep, but not those inside them."""
    if isinstance(value, Component):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from held(item)


def children(component: Component, kind: Kind) -> Iterator[Component]:
    """The components of a kind that another holds, but not those inside them."""
    return (child for child in held(dict(component.config)) if child.spec.kind is kind)


def is_replayable(component: Component) -> bool:
    """Tell whether another process would get the same messages by running this processor again."""
    trait = component.spec.replayable
    return trait(component.config) if callable(trait) else trait


def is_per_message(component: Component) -> bool:
    """Tell whether this processor looks at each message alone."""
    trait = component.spec.per_message
    return trait(component.config) if callable(trait) else trait


def may_answer(component: Component) -> bool:
    """Tell whether a component may give something back to whoever sent a message by HTTP."""
    trait = component.spec.answers
    return trait(component.config) if callable(trait) else trait


def is_batchwise(component: Component) -> bool:
    """Tell whether an output, one inside it, or a processor beside one of them looks at whole batches."""
    trait = component.spec.batchwise
    own = trait(component.config) if callable(trait) else trait
    inner = children(component, Kind.OUTPUT)
    return own or not all(map(is_per_message, component.processors)) or any(map(is_batchwise, inner))


def is_called(component: Component) -> bool:
    """Tell whether an input takes requests, itself or by a child: it runs where they arrive."""
    return component.spec.in_gateway or any(map(is_called, children(component, Kind.INPUT)))
