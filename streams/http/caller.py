"""Calls a service as the author of a stream wants it: in turn of a rate limit, with a token, and again if need be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from streams.errors import SluiceError
from streams.http.client import Answer, Call, CallError, HttpClient, OpenAnswer
from streams.http.fields import make_rules
from streams.http.oauth2 import ClientCredentials
from streams.http.retrying import RetryRules, Verdict
from streams.rate_limits.rate_limit import RateLimit, take_turn
from streams.spec import BuildContext, Config

_SHOWN: Final = 1000
"""Bytes of an answer that are shown in an error."""
_UNAUTHORIZED: Final = 401


class CallFailedError(SluiceError):
    """No try was successful."""

    def __init__(self, text: str, answer: Answer | None = None) -> None:
        super().__init__(text)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls until an answer is a success."""

    client: HttpClient
    rules: RetryRules
    limit: RateLimit | None
    credentials: ClientCredentials | None

    async def call(self, call: Call) -> Answer:
        """The answer that was a success. Raises UrlError; CallFailedError after the last try."""
        tries = 0
        while True:
            tries += 1
            verdict, answer, failure = await self._try(call)
            if answer is not None:
                return answer
            if verdict is Verdict.FAIL or tries > self.rules.retries:
                raise failure
            await asyncio.sleep(self.rules.wait(verdict, tries))

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncIterator[OpenAnswer]:
        """One try, whose body is read as it comes. Raises UrlError, CallFailedError."""
        try:
            async with self.client.open(await self._ready(call)) as opened:
                if self.rules.judge(opened.status) is not Verdict.ACCEPT:
                    raise failure_of(call, Answer(opened.status, opened.reason, opened.headers, b""))
                yield opened
        except CallError as error:
            raise CallFailedError(str(error)) from error

    async def _try(self, call: Call) -> tuple[Verdict, Answer | None, CallFailedError]:
        try:
            answer = await self.client.call(await self._ready(call))
        except CallError as error:
            return Verdict.RETRY, None, CallFailedError(str(error))
        verdict = self.rules.judge(answer.status)
        if answer.status == _UNAUTHORIZED and self.credentials is not None:
            self.credentials.forget()
        return verdict, answer if verdict is Verdict.ACCEPT else None, failure_of(call, answer)

    async def _ready(self, call: Call) -> Call:
        """Wait for the rate limit's turn and add the token. Raises CallError."""
        if self.limit is not None:
            await take_turn(self.limit, len(call.body))
        if self.credentials is None:
            return call
        return replace(call, headers={**call.headers, **await self.credentials.headers()})


def failure_of(call: Call, answer: Answer) -> CallFailedError:
    """What is said of an answer that is no success, as Bento words it."""
    status = f"{answer.status} {answer.reason}".strip()
    text = f"{call.url}: HTTP request returned unexpected response code ({answer.status}): {status}"
    shown = answer.body[:_SHOWN].decode("utf-8", "replace")
    return CallFailedError(f"{text}, Error: {shown}" if shown else text, answer)


def make_caller(config: Config, context: BuildContext) -> Caller:
    """The caller that a checked body describes."""
    client = context.service(HttpClient)
    limit = config["rate_limit"]
    return Caller(
        client,
        make_rules(config),
        None if limit is None else context.resource(limit),
        ClientCredentials(client, config["oauth2"]) if config["oauth2"]["enabled"] else None,
    )
