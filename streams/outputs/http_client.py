"""The `http_client` output: sends messages to an HTTP service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from streams.batching import batching_field, check_policy
from streams.batching_output import with_batching
from streams.bloblang import MappingError
from streams.errors import OutputError, RejectedMessageError
from streams.http import fields
from streams.http.caller import Caller, CallFailedError, make_caller
from streams.http.client import Answer
from streams.http.multipart import decode_parts
from streams.http.request import Template, make_template
from streams.http.selection import Selection, check_selection, make_selection, selection_field
from streams.message import Message
from streams.outbound import UrlError
from streams.outputs.attempt import Errors, raise_for
from streams.outputs.fields import MAX_IN_FLIGHT, check_in_flight
from streams.outputs.sync_response import give_back
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Kind,
    Output,
    Problem,
    Rules,
    Shape,
)

_STATUS: Final = "http_status_code"


@dataclass(frozen=True, slots=True)
class HttpOutput:
    """Makes a request of each message, or of each batch."""

    caller: Caller
    template: Template
    room: asyncio.Semaphore
    """Batches under way at a time."""
    as_multipart: bool
    propagated: Selection | None
    """Headers that go back to the sender with the answer; None: nothing does."""

    async def connect(self) -> None:
        """Nothing to connect to: each call stands alone."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def write(self, messages: list[Message]) -> None:
        """Return when the service has taken all. Raises BatchError for the others.

        The messages of a batch go one after the other: after one that is not taken none of the rest is sent.
        """
        async with self.room:
            if self.as_multipart:
                raise_for(await self._send_batch(messages))
            else:
                raise_for(await self._send_each(messages))

    async def _send_batch(self, messages: list[Message]) -> Errors:
        error = await self._send(messages)
        return {} if error is None else dict.fromkeys(range(len(messages)), error)

    async def _send_each(self, messages: list[Message]) -> Errors:
        errors: Errors = {}
        for at, message in enumerate(messages):
            error = await self._send([message])
            if error is not None:
                errors[at] = error
            if error is not None and not isinstance(error, RejectedMessageError):
                return errors | dict.fromkeys(range(at + 1, len(messages)), error)
        return errors

    async def _send(self, messages: list[Message]) -> OutputError | None:
        """Make one request. Returns why it was not taken, if it was not."""
        try:
            answer = await self.caller.call(self.template.fill_batch(messages))
        except (MappingError, UrlError, CallFailedError) as error:
            return _refusal(error)
        if self.propagated is not None:
            give_back(_responses(answer, self.propagated, messages))
        return None


def _refusal(error: Exception) -> OutputError:
    """A request that cannot be made of a message never can; a call may succeed at another time."""
    if isinstance(error, CallFailedError):
        return OutputError(str(error))
    return RejectedMessageError(f"failed to create request: {error}")


def _responses(answer: Answer, propagated: Selection, messages: Sequence[Message]) -> list[Message]:
    """What goes back to whoever sent the messages: the answer, a message for each of its parts."""
    content_type = next((value for name, value in answer.headers if name == "content-type"), "")
    taken = {name: value for name, value in answer.headers if propagated.takes(name)}
    try:
        contents = decode_parts(content_type, answer.body)
    except ValueError:
        contents = [answer.body]
    sent = [messages[at] if at < len(messages) else messages[0] for at in range(len(contents))]
    return [
        one.replaced(content, metadata={**one.metadata, _STATUS: answer.status, **taken})
        for one, content in zip(sent, contents, strict=True)
    ]


def _build(config: Config, context: BuildContext) -> Output:
    writing = HttpOutput(
        make_caller(config, context),
        make_template(config),
        asyncio.Semaphore(config["max_in_flight"]),
        config["batch_as_multipart"],
        make_selection(config["extract_headers"]) if config["propagate_response"] else None,
    )
    return with_batching(writing, config["batching"], context)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from fields.check_request(config)
    yield from check_selection("extract_headers", config)
    yield from check_policy(("batching",), config["batching"])
    yield from check_in_flight(config)
    if config["multipart"] and config["batch_as_multipart"]:
        message = "`multipart` makes the parts of each message, `batch_as_multipart` one of each message"
        yield Problem(("multipart",), "multipart_twice", message, "use one of them")


def _part(name: str, summary: str) -> Field:
    return Field(name, FieldType.STRING, summary, default="", interpolated=True)


HTTP_CLIENT: Final = ComponentSpec(
    kind=Kind.OUTPUT,
    name="http_client",
    summary="Sends messages to an HTTP service.",
    description=(
        "A request for each message, tried again as `retries` says; then the message goes back to its input, which"
        " offers it again. `drop_on` only spares the tries: put the output into `drop_on` or `fallback` to go on"
        " without it. A message of which no request can be made goes to quarantine. Redirects are not followed, and"
        " only addresses that the operator's guard lets through are called."
    ),
    fields=(
        *fields.REQUEST,
        *fields.AUTHENTICATION,
        *fields.TRANSPORT,
        selection_field("extract_headers", "Headers of the answer to give back with `propagate_response`."),
        *fields.RETRIES,
        Field("batch_as_multipart", FieldType.BOOL, "Send a batch as one multipart request.", default=False),
        Field(
            "propagate_response",
            FieldType.BOOL,
            "Give the answer back to whoever sent the message by HTTP.",
            default=False,
        ),
        replace(MAX_IN_FLIGHT, summary="Batches under way at a time; 1: order."),
        batching_field(),
        Field(
            "multipart",
            FieldType.OBJECT,
            "Parts that the body of each request is made of.",
            default=[],
            shape=Shape.LIST,
            children=(
                _part("content_type", "Its header `Content-Type`."),
                _part("content_disposition", "Its header `Content-Disposition`."),
                _part("body", "Its content."),
            ),
        ),
    ),
    examples=(
        {"url": "https://orders.example/${! this.id }", "headers": {"Content-Type": "application/json"}},
        {
            "url": "https://orders.example",
            "batch_as_multipart": True,
            "batching": {"count": 10, "period": "1s"},
        },
    ),
    build=_build,
    check=_check,
    batchwise=True,
    answers=lambda config: bool(config["propagate_response"]),
)
