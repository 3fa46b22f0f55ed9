"""The client of a schema registry: schemas by number or subject, kept, and each asked for once at a time."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from streams.errors import SluiceError
from streams.http.client import Call, CallError, HttpClient
from streams.jsontext import NotJsonError, parse
from streams.outbound import UrlError

_Kept = TypeVar("_Kept")

SECONDS: Final = 10.0
FAILURE_SECONDS: Final = 5.0
"""For how long what could not be had is not asked for again."""
_KEPT: Final = 1000
_MAX_REFERENCES: Final = 100
_NAMESPACE: Final = re.compile(r'("namespace"\s*:\s*")([^"]*)(")')
_ODD: Final = re.compile(r"[^A-Za-z0-9_.]")


class RegistryError(SluiceError):
    """The registry did not give the schema."""


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """A schema as the registry keeps it."""

    number: int
    kind: str
    """`AVRO`, `JSON` or `PROTOBUF`."""
    text: str
    references: Mapping[str, str] = field(default_factory=dict)
    """Texts of the schemas it names, those that others need first."""


class SchemaRegistry:
    """Asks one registry."""

    def __init__(self, client: HttpClient, call: Call, *, nested: bool, sanitised: bool = False) -> None:
        """call: how the registry is asked, with its own URL; each question adds a path.

        nested: schemas that a schema names are asked for too. sanitised: names of namespaces are made valid.
        """
        self._client = client
        self._asking = call
        self._nested = nested
        self._sanitised = sanitised

    async def by_number(self, number: int) -> RegisteredSchema:
        """The schema of a number. Raises RegistryError."""
        return await self._schema(number, await self._ask(f"/schemas/ids/{number}"))

    async def latest(self, subject: str) -> RegisteredSchema:
        """The newest schema of a subject. Raises RegistryError."""
        found = await self._ask(f"/subjects/{quote(subject, safe='')}/versions/latest")
        if not isinstance(found.get("id"), int):
            raise RegistryError(f"the schema registry gives no number for the subject {subject!r}")
        return await self._schema(found["id"], found)

    async def _schema(self, number: int, found: Mapping[str, Any]) -> RegisteredSchema:
        references: dict[str, str] = {}
        if self._nested:
            await self._collect(found, references, 0)
        return RegisteredSchema(number, str(found.get("schemaType") or "AVRO"), self._text(found), references)

    async def _collect(self, found: Mapping[str, Any], references: dict[str, str], depth: int) -> None:
        """Ask for the schemas that one names, and before each for those that it names itself."""
        for reference in found.get("references") or ():
            name, subject, version = (str(reference.get(key)) for key in ("name", "subject", "version"))
            if name in references:
                continue
            if depth > _MAX_REFERENCES or len(references) >= _MAX_REFERENCES:
                raise RegistryError(f"the schema names more than {_MAX_REFERENCES} others")
            other = await self._ask(f"/subjects/{quote(subject, safe='')}/versions/{quote(version, safe='')}")
            await self._collect(other, references, depth + 1)
            references[name] = self._text(other)

    def _text(self, found: Mapping[str, Any]) -> str:
        text = str(found.get("schema", ""))
        return _NAMESPACE.sub(_sanitised_namespace, text) if self._sanitised else text

    async def _ask(self, path: str) -> dict[str, Any]:
        try:
            answer = await self._client.call(replace(self._asking, url=self._asking.url + path))
            if answer.status != 200:
                raise RegistryError(f"the schema registry answered {answer.status} for {path}")
            found = parse(answer.body)
        except (CallError, UrlError) as error:
            raise RegistryError(f"the schema registry cannot be asked: {error}") from error
        except NotJsonError as error:
            raise RegistryError(f"the schema registry answered {path} with what is not JSON") from error
        if not isinstance(found, dict):
            raise RegistryError(f"the schema registry answered {path} with what is no schema")
        return found


class Kept(Generic[_Kept]):
    """What was made of schemas, for a time; whoever wants what is being asked for waits for the same answer."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """seconds: how long it is kept; infinite: for ever."""
        self._seconds = seconds
        self._clock = clock
        self._made: OrderedDict[int | str, tuple[float, asyncio.Task[_Kept]]] = OrderedDict()

    async def get(self, key: int | str, make: Callable[[], Awaitable[_Kept]]) -> _Kept:
        """What is kept, or what `make` gives. Raises what `make` raises, for a while without asking it."""
        until, task = self._made.get(key, (0.0, None))
        if task is None or until <= self._clock() or task.cancelled():
            task = asyncio.create_task(self._make(key, make))
            self._made[key] = (float("inf"), task)
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return await asyncio.shield(task)

    async def _make(self, key: int | str, make: Callable[[], Awaitable[_Kept]]) -> _Kept:
        seconds = FAILURE_SECONDS
        try:
            made = await make()
            seconds = self._seconds
            return made
        finally:
            task = asyncio.current_task()
            if key in self._made and task is not None:
                self._made[key] = (self._clock() + seconds, task)


def _sanitised_namespace(match: re.Match[str]) -> str:
    return match[1] + _ODD.sub("_", match[2]) + match[3]
