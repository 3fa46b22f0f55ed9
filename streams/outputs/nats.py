"""The `nats` output: publishes each message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from nats.errors import BadSubjectError, Error, MaxPayloadError

from streams.bloblang import MappingError, interpolate
from streams.bloblang.values import to_string
from streams.errors import OutputError, RejectedMessageError, TooLargeError
from streams.http.selection import check_selection, make_selection, selection_field
from streams.message import Message
from streams.nats.connection import CONNECTION, NatsClient, check_nats, make_link, nats_servers
from streams.outputs.attempt import Errors, raise_for
from streams.outputs.fields import MAX_IN_FLIGHT, check_in_flight
from streams.refused import tracing
from streams.servers import topic_refusal
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Shape
from streams.statistics import Statistics

ANSWER_SECONDS: Final = 10


class NatsOutput:
    """Publishes the messages of a batch and asks once whether the server has them."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        self._servers = nats_servers(config, context)
        self._link = make_link(self._servers, config, context)
        self._subject = interpolate(config["subject"])
        self._headers = {name: interpolate(text) for name, text in config["headers"].items()}
        self._metadata = make_selection(config["metadata"])
        self._room = asyncio.Semaphore(config["max_in_flight"])
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Reach a server. Raises ConnectError."""
        await self._link.client()

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    async def write(self, messages: list[Message]) -> None:
        """Return when the server has all. Raises BatchError for the others.

        The server passes on what it has; it keeps nothing, unless JetStream listens.
        """
        client = await self._link.client_to_write()
        async with self._room:
            errors: Errors = {}
            complaints = client.complaints
            try:
                for at in range(len(messages)):
                    if (error := await self._publish(client, messages, at)) is not None:
                        errors[at] = error
                await client.confirm(ANSWER_SECONDS)
            except (Error, OSError) as error:
                await self._link.drop(client, str(error))
                raise OutputError(str(error) or repr(error)) from error
            # They name no message: whoever was writing meanwhile has to take them for its own.
            if client.complaints > complaints:
                raise OutputError(client.complaint)
        raise_for(errors)

    async def _publish(self, client: NatsClient, messages: list[Message], at: int) -> OutputError | None:
        """Send a message. Returns why it is rejected. Raises nats.errors.Error when the server is away."""
        try:
            subject = self._subject.resolve(messages, at)
            if refusal := topic_refusal(self._servers, subject):
                return RejectedMessageError(refusal)
            headers = self._headers_of(messages, at)
            await client.publish(subject, messages[at].content, headers=headers or None)
        except MappingError as error:
            return RejectedMessageError(str(error))
        except BadSubjectError:
            return RejectedMessageError(f"{subject!r} is no subject to publish to")
        except MaxPayloadError as error:
            return TooLargeError(str(error))
        return None

    def _headers_of(self, messages: list[Message], at: int) -> dict[str, str]:
        chosen = {
            name: to_string(value)
            for name, value in messages[at].metadata.items()
            if self._metadata.takes(name)
        }
        return chosen | {name: text.resolve(messages, at) for name, text in self._headers.items()}


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_in_flight(config)
    yield from check_selection("metadata", config)
    static = "${" not in config["subject"]
    yield from check_nats(config, rules, {config["subject"]: ("subject",)} if static else {})


NATS: Final = ComponentSpec(
    Kind.OUTPUT,
    "nats",
    "Publishes messages to NATS.",
    NatsOutput,
    fields=(
        *CONNECTION,
        Field("subject", FieldType.STRING, "The subject to publish to.", interpolated=True),
        Field(
            "headers",
            FieldType.STRING,
            "Headers of each message.",
            default={},
            shape=Shape.MAP,
            interpolated=True,
        ),
        selection_field("metadata", "Metadata that become headers; none unless chosen."),
        MAX_IN_FLIGHT,
        tracing("inject_tracing_map"),
    ),
    description="A message is taken when the server has it. NATS keeps nothing for those who are away.",
    examples=({"urls": ["nats://broker.example.com:4222"], "subject": "orders.${! this.country }"},),
    check=_check,
)
