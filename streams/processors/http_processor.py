"""`http`: calls an HTTP service with each message; the answer becomes its payload."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from streams.bloblang import MappingError
from streams.http import fields
from streams.http.caller import Caller, CallFailedError, make_caller
from streams.http.request import Template, make_template
from streams.http.selection import Selection, check_selection, make_selection, selection_field
from streams.message import Message
from streams.outbound import UrlError
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules

STATUS: Final = "http_status_code"
"""The metadata that the status of an answer becomes."""


@dataclass(frozen=True, slots=True)
class HttpProcessor:
    """Calls for one message after the other, or for all of a batch at a time."""

    caller: Caller
    template: Template
    extracted: Selection
    """Headers of the answer that become metadata."""
    parallel: bool

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch with the answers; a message whose call fails keeps its payload and is flagged."""
        places = range(len(messages))
        if self.parallel:
            return [list(await asyncio.gather(*(self._called(messages, place) for place in places)))]
        return [[await self._called(messages, place) for place in places]]

    async def _called(self, messages: list[Message], index: int) -> Message:
        message = messages[index]
        try:
            answer = await self.caller.call(self.template.fill(messages, index))
        except MappingError as error:
            return flagged(message, f"failed to create request: {error.text}")
        except UrlError as error:
            return flagged(message, f"failed to create request: {error}")
        except CallFailedError as error:
            failed = flagged(message, str(error))
            failed.metadata |= {} if error.answer is None else {STATUS: error.answer.status}
            return failed
        taken = {name: value for name, value in answer.headers if self.extracted.takes(name)}
        return message.replaced(answer.body, metadata={**message.metadata, STATUS: answer.status, **taken})


def _build(config: Config, context: BuildContext) -> HttpProcessor:
    return HttpProcessor(
        make_caller(config, context),
        make_template(config),
        make_selection(config["extract_headers"]),
        config["parallel"],
    )


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from fields.check_request(config)
    yield from check_selection("extract_headers", config)


HTTP: Final = ComponentSpec(
    Kind.PROCESSOR,
    "http",
    "Calls an HTTP service with each message; the answer becomes its payload.",
    _build,
    fields=(
        *fields.REQUEST,
        *fields.AUTHENTICATION,
        *fields.TRANSPORT,
        selection_field("extract_headers", "Headers of the answer, in lower case, to keep as metadata."),
        *fields.RETRIES,
        Field(
            "batch_as_multipart",
            FieldType.BOOL,
            "Send a batch as one request.",
            default=False,
            refused="each message is a request of its own",
        ),
        Field("parallel", FieldType.BOOL, "Call for all messages of a batch at a time.", default=False),
    ),
    description="Metadata stay, and `http_status_code` is added. Redirects are not followed. Only addresses that "
    "the operator's guard lets through are called. Put it into a `branch` to keep the message.",
    check=_check,
    examples=(
        {
            "url": "https://customers.example/emails/${! this.id }",
            "verb": "POST",
            "headers": {"Content-Type": "application/json"},
        },
    ),
    per_message=True,
)
