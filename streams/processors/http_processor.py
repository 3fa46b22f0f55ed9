"""`http`: calls an HTTP service with each message; the answer becomes its payload."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.bloblang.values import to_string
from streams.errors import SluiceError
from streams.http import fields
from streams.http.client import Answer, Call, CallError, HttpClient
from streams.http.retrying import RetryRules, Verdict
from streams.http.selection import Selection, check_selection, make_selection, selection_field
from streams.message import Message
from streams.outbound import UrlError
from streams.processors.flags import flagged
from streams.processors.rate_limit import take_turn
from streams.rate_limits.rate_limit import RateLimit
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules

STATUS: Final = "http_status_code"
"""The metadata that the status of an answer becomes."""
_SHOWN: Final = 1000
"""Bytes of an answer that are shown in an error."""


class _FailedError(SluiceError):
    """No try was successful."""

    def __init__(self, text: str, answer: Answer | None = None) -> None:
        super().__init__(text)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Template:
    """How the request for a message is made."""

    verb: str
    url: Interpolation
    headers: Mapping[str, Interpolation]
    metadata: Selection
    """Metadata that become headers."""
    payload: Interpolation | None
    """None: the payload of the message."""
    seconds: float
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Headers of every request."""

    def fill(self, messages: list[Message], index: int) -> Call:
        """The request for one message of a batch. Raises MappingError."""
        message = messages[index]
        taken = {
            name: to_string(value) for name, value in message.metadata.items() if self.metadata.takes(name)
        }
        made = {name: text.resolve(messages, index) for name, text in self.headers.items()}
        body = message.content if self.payload is None else self.payload.resolve_bytes(messages, index)
        url = self.url.resolve(messages, index)
        return Call(self.verb, url, {**taken, **made, **self.fixed}, body, self.seconds)


@dataclass(frozen=True, slots=True)
class HttpProcessor:
    """Calls for one message after the other, or for all of a batch at a time."""

    client: HttpClient
    template: Template
    rules: RetryRules
    limit: RateLimit | None
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
            answer = await self._try(self.template.fill(messages, index))
        except MappingError as error:
            return flagged(message, f"failed to create request: {error.text}")
        except UrlError as error:
            return flagged(message, f"failed to create request: {error}")
        except _FailedError as error:
            failed = flagged(message, str(error))
            failed.metadata |= {} if error.answer is None else {STATUS: error.answer.status}
            return failed
        taken = {name: value for name, value in answer.headers if self.extracted.takes(name)}
        return message.replaced(answer.body, metadata={**message.metadata, STATUS: answer.status, **taken})

    async def _try(self, call: Call) -> Answer:
        """Call until an answer is a success. Raises UrlError; _FailedError after the last try."""
        tries = 0
        while True:
            tries += 1
            if self.limit is not None:
                await take_turn(self.limit, len(call.body))
            try:
                answer = await self.client.call(call)
            except CallError as error:
                verdict, failure = Verdict.RETRY, _FailedError(str(error))
            else:
                verdict, failure = self.rules.judge(answer.status), _failure(call, answer)
                if verdict is Verdict.ACCEPT:
                    return answer
            if verdict is Verdict.FAIL or tries > self.rules.retries:
                raise failure
            await asyncio.sleep(self.rules.wait(verdict, tries))


def _failure(call: Call, answer: Answer) -> _FailedError:
    status = f"{answer.status} {answer.reason}".strip()
    text = f"{call.url}: HTTP request returned unexpected response code ({answer.status}): {status}"
    shown = answer.body[:_SHOWN].decode("utf-8", "replace")
    return _FailedError(f"{text}, Error: {shown}" if shown else text, answer)


def _template(config: Config) -> Template:
    payload: Any = config["body"] if config["payload"] is None else config["payload"]
    basic = config["basic_auth"]
    credentials = base64.b64encode(f"{basic['username']}:{basic['password']}".encode()).decode()
    return Template(
        config["verb"].upper(),
        bloblang.interpolate(config["url"]),
        {name: bloblang.interpolate(text) for name, text in config["headers"].items()},
        make_selection(config["metadata"]),
        None if payload is None else bloblang.interpolate(payload),
        config["timeout"],
        {"Authorization": f"Basic {credentials}"} if basic["enabled"] else {},
    )


def _build(config: Config, context: BuildContext) -> HttpProcessor:
    limit = config["rate_limit"]
    return HttpProcessor(
        context.service(HttpClient),
        _template(config),
        fields.make_rules(config),
        None if limit is None else context.resource(limit),
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
