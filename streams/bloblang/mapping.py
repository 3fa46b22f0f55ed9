"""A compiled mapping and what can be done with it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Table
from typing import Any

from streams.bloblang import functions, methods
from streams.bloblang.compiler import Compiled, compile_program
from streams.bloblang.errors import RUNTIME_FAULTS, MappingError, OutOfFuel, TypeFault
from streams.bloblang.paths import Ownership
from streams.bloblang.registry import REGISTRY, Registry
from streams.bloblang.run import DEFAULT_FUEL, Absent, Run
from streams.bloblang.statements import MappingParser
from streams.bloblang.values import DELETED, NOTHING, Marker, string_bytes, type_fault_text
from streams.message import Failure, Message, NotStructuredError

_FAULTS = (*RUNTIME_FAULTS, OutOfFuel, RecursionError)
_DEEPEST_RECURSION = 60_000


class Mapping:
    """A mapping ready to run. Made by `streams.bloblang.compile`; any number of threads may use it."""

    def __init__(self, text: str, compiled: Compiled, fuel: int) -> None:
        self.text = text
        self._compiled = compiled
        self._fuel = fuel

    @property
    def is_pure(self) -> bool:
        """Whether equal messages always give equal results: no clock, randomness, counter, file or environment."""
        return self._compiled.pure

    @property
    def is_per_message(self) -> bool:
        """Whether it looks at each message alone, whatever batch it comes in."""
        return not self._compiled.batchwise

    def query(
        self,
        value: Any,
        *,
        metadata: dict[str, Any] | None = None,
        error: str | None = None,
        fuel: int | None = None,
    ) -> Any:
        """The value of the mapping for one payload.

        `value` is a JSON value, or bytes for a payload as it came. Returns a value, DELETED, or NOTHING when
        the mapping assigned nothing. Raises MappingError.
        """
        message = Message(value) if isinstance(value, bytes) else Message(value=value)
        message.metadata = dict(metadata or {})
        message.error = None if error is None else Failure(error)
        run = self._run([message], 0, dict(message.metadata), fuel)
        return self._document(run, message, mutating=False)

    def apply(self, batch: Sequence[Message], index: int = 0, *, fuel: int | None = None) -> Message | Marker:
        """The message the mapping makes of one message of a batch, or DELETED. Raises MappingError."""
        return self._applied(batch, index, fuel, mutating=False)

    def mutate(
        self, batch: Sequence[Message], index: int = 0, *, fuel: int | None = None
    ) -> Message | Marker:
        """As `apply`, but the new document begins as the old one, and `this` sees what is written to it."""
        return self._applied(batch, index, fuel, mutating=True)

    def overlay(
        self, batch: Sequence[Message], target: Message, index: int = 0, *, fuel: int | None = None
    ) -> Message | Marker:
        """The target as the mapping changes it, reading one message of a batch: its root and metadata are the target's.

        What is not assigned stays. Raises MappingError.
        """
        run = self._run(batch, index, dict(target.metadata), fuel)
        this = _structured(batch[index]) if self._compiled.reads_document else None
        owned = Ownership(run.charge)
        value = _structured(target)
        root = owned.adopt(value.copy()) if value.__class__ in {dict, list} else NOTHING
        root = self._execute(run, this, root, owned, self._size_read(batch, batch[index], target))
        return _message(target, root, run.metadata or {}, run.bound)

    def _applied(
        self, batch: Sequence[Message], index: int, fuel: int | None, *, mutating: bool
    ) -> Message | Marker:
        source = batch[index]
        run = self._run(batch, index, dict(source.metadata), fuel)
        root = self._document(run, source, mutating=mutating)
        return _message(source, root, run.metadata or {}, run.bound)

    def test(self, batch: Sequence[Message], index: int = 0, *, fuel: int | None = None) -> bool:
        """The mapping as a condition on one message. Raises MappingError when the result is no bool."""
        made = self.apply(batch, index, fuel=fuel)
        if made is DELETED:
            raise MappingError("query mapping resulted in deleted message, expected a boolean value")
        value = made.value if isinstance(made, Message) else made
        if not isinstance(value, bool):
            raise MappingError(type_fault_text(TypeFault(value, ("bool",), "mapping")))
        return value

    def _document(self, run: Run, source: Message, *, mutating: bool) -> Any:
        this = _structured(source) if self._compiled.reads_document or mutating else None
        owned = Ownership(run.charge)
        root: Any = NOTHING
        if mutating and this.__class__ in {dict, list}:
            root = this = owned.adopt(this.copy())
        return self._execute(run, this, root, owned, self._size_read(run.batch, source))

    def _size_read(self, batch: Sequence[Message], *messages: Message) -> int | None:
        """An upper bound of the bytes that the mapping reads of these messages of a batch; None: unknown."""
        if self._compiled.batchwise and len(batch) > 1:
            return None
        size = 0
        for message in messages:
            bound = message.size
            if bound is None:
                return None
            size += bound
        return size

    def evaluate_value(self, this: Any, *, root: Any = NOTHING, fuel: int | None = None) -> Any:
        """The new root for a value that is no message: there is no content, metadata or batch. Raises MappingError."""
        run = self._run([], 0, None, fuel)
        return self._execute(run, this, root, Ownership(run.charge), None)

    def _execute(self, run: Run, this: Any, root: Any, owned: Ownership, size: int | None) -> Any:
        compiled = self._compiled
        try:
            if compiled.maps:
                with _deep_recursion:
                    root = compiled.run(run, this, root, owned)
            else:
                root = compiled.run(run, this, root, owned)
            run.check_size(root, size, compiled.weight)
        except _FAULTS as error:
            raise self._failure(error) from error
        return root

    def _run(
        self, batch: Sequence[Message], index: int, metadata: dict[str, Any] | None, fuel: int | None
    ) -> Run:
        compiled = self._compiled
        return Run(
            batch,
            index,
            self._fuel if fuel is None else fuel,
            metadata,
            {},
            compiled.explainer,
            compiled.maps,
        )

    def _failure(self, error: BaseException) -> MappingError:
        text, line = self._compiled.explainer.statement(error)
        line = line or self._compiled.last_line
        return MappingError(f"failed assignment (line {line}): {text}", line)


def _structured(message: Message) -> Any:
    try:
        return message.value
    except NotStructuredError as error:
        return Absent(str(error))


def _message(source: Message, root: Any, metadata: dict[str, Any], size: int) -> Message | Marker:
    if root is DELETED:
        return Marker.DELETED
    if root is NOTHING:
        made = source.copy()
        made.metadata = metadata
        return made
    if isinstance(root, str):
        return source.replaced(string_bytes(root), metadata=metadata)
    if isinstance(root, bytes):
        return source.replaced(root, metadata=metadata)
    return source.replaced(value=root, metadata=metadata, size=size)


class _DeepRecursion:
    """Lets maps call themselves 5000 deep, which takes several Python frames each.

    The limit is the whole process's, and several threads may need it: the last to leave puts it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                self._before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self._before, _DEEPEST_RECURSION))
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                sys.setrecursionlimit(self._before)


_deep_recursion = _DeepRecursion()


def compile_mapping(
    text: str,
    *,
    imports: Table[str, str] | None = None,
    permissions: Collection[str] = (),
    fuel: int = DEFAULT_FUEL,
    registry: Registry = REGISTRY,
) -> Mapping:
    """Reads and compiles a mapping.

    `imports` gives the text of each file the mapping may import, by name. `permissions` are what the operator
    allows beyond computing: `env`, `file`. `fuel` bounds the work on one message. Raises ParseError.
    """
    program = MappingParser(text, registry, imports=imports, permissions=permissions).program()
    return Mapping(text, compile_program(program), fuel)


__all__ = ["Mapping", "compile_mapping", "functions", "methods"]
