"""One execution of a mapping: the messages it sees, what it has written, and how much work is left to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from streams.bloblang.errors import Fault, NoContext, OutOfFuel
from streams.bloblang.values import Marker, equal
from streams.message import Message, NotStructuredError

if TYPE_CHECKING:
    from streams.bloblang.explain import Explainer

DEFAULT_FUEL: Final = 64 * 1024 * 1024
"""Units of work a mapping may do on one message: a byte produced is 1, an iteration or call 16."""
STEP: Final = 16
MAX_MAP_DEPTH: Final = 5000


class Absent:
    """Stands for `this` where there is none; reading it is the error it carries."""

    __slots__ = ("reason",)

    def __init__(self, reason: str = "") -> None:
        self.reason = reason

    def fault(self) -> NoContext:
        """The error of reading it."""
        return NoContext(self.reason)


class Run:
    """The state of one execution. Functions and methods that need it are given it first."""

    __slots__ = (
        "batch",
        "bound",
        "depth",
        "explainer",
        "fuel",
        "index",
        "limit",
        "maps",
        "metadata",
        "variables",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - the state is what it is, and names cost as much again
        self,
        batch: Sequence[Message],
        index: int,
        limit: int,
        metadata: dict[str, Any] | None,
        variables: dict[str, Any] | None,
        explainer: Explainer,
        maps: Mapping[str, Callable[[Run, Any], Any]],
    ) -> None:
        self.batch = batch
        self.index = index
        """The message `json()`, `content()` and the like read; `from` changes it for a while."""
        self.limit = limit
        self.fuel = limit
        self.metadata = metadata
        """Metadata of the message being made; None where there is none to write."""
        self.variables = variables
        self.explainer = explainer
        self.maps = maps
        self.depth = 0
        self.bound = 0
        """What `check_size` found the result cannot exceed."""

    def charge(self, amount: int) -> None:
        """Uses up fuel. Raises OutOfFuel."""
        self.fuel -= amount
        if self.fuel < 0:
            raise OutOfFuel(f"the mapping did more work than its limit of {self.limit} allows")

    def measure(self, value: Any) -> Any:
        """The value, charged for all it contains; what is contained twice counts twice. Raises OutOfFuel."""
        kind = value.__class__
        if kind is str or kind is bytes:
            self.charge(len(value))
        elif kind is dict or kind is list:
            self._measure(value)
        return value

    def _measure(self, value: Any) -> None:
        pending = [value]
        while pending:
            item = pending.pop()
            kind = item.__class__
            if kind is dict:
                self.charge(STEP * (1 + len(item)))
                pending.extend(item.values())
            elif kind is list:
                self.charge(STEP * (1 + len(item)))
                pending.extend(item)
            elif kind is str or kind is bytes:
                self.charge(len(item))

    def check_size(self, root: Any, size: int | None, weight: int) -> None:
        """Makes sure the result is of a size the limit allows. Raises OutOfFuel.

        Without looking at it where that is certain: `size` bounds the bytes of the input (None: unknown), `weight`
        how often each step of work can have put the input into the result.
        """
        if root.__class__ is not dict and root.__class__ is not list:
            return
        spent = self.limit - self.fuel
        if size is not None and weight:
            self.bound = weight * (1 + spent // STEP) * (size + spent + 64)
            if self.bound <= self.limit:
                return
        self.measure(root)
        self.bound = self.limit - self.fuel - spent

    @property
    def message(self) -> Message:
        """The message functions read; an empty one where there is none."""
        return self.batch[self.index] if self._exists() else Message(b"")

    def _exists(self) -> bool:
        return -len(self.batch) <= self.index < len(self.batch)

    def structured(self) -> Any:
        """The payload of that message as a value. Raises Fault."""
        if not self._exists():
            raise Fault("target message part does not exist")
        try:
            return self.message.value
        except NotStructuredError as error:
            raise Fault(str(error)) from error

    def explained(self, error: BaseException) -> str:
        """The text of an error caught while running."""
        return self.explainer.text(error)

    def equal(self, left: Any, right: Any) -> bool:
        """Whether two values are equal; comparing containers counts as work. Raises OutOfFuel."""
        if left.__class__ is dict or left.__class__ is list:
            self._measure(left)
        return equal(left, right)


def size_of(value: Any) -> int:
    """The length of what has one, counted as work."""
    kind = value.__class__
    return len(value) if kind is str or kind is list or kind is dict or kind is bytes else 1


def charged(run: Run, call: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function or method in a loop: its inputs and its result count as work."""
    run.charge(STEP + sum(map(size_of, arguments)))
    result = call(*arguments)
    run.charge(size_of(result))
    return result


def counted(run: Run, result: Any) -> Any:
    """The result of a function or method called once, counted as work."""
    kind = result.__class__
    if kind is str or kind is list or kind is dict or kind is bytes:
        run.fuel -= len(result)
        if run.fuel < 0:
            run.charge(0)
    return result


def is_marker(value: Any) -> bool:
    """Whether the value is a deletion or nothing."""
    return isinstance(value, Marker)
