"""Why a request brought nothing in, as its sender is told."""

from collections.abc import Sequence
from typing import Final

from streams.errors import BatchError, OutputBusyError, OutputError, RejectedMessageError, TooLargeError
from streams.message import Failure
from streams.processed import ProcessingFailedError

Headers = Sequence[tuple[bytes, bytes]]

CLOSE: Final[Headers] = ((b"connection", b"close"),)
"""What is left of the request is not read, so that nothing can follow it."""
RETRY_SOON: Final[Headers] = ((b"retry-after", b"1"),)


class IngestRefusedError(Exception):
    """What was sent is not taken, or not all of it."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Headers = (), *, unread: bool = False
    ) -> None:
        """status: of HTTP; code: a short stable name; detail: for people; unread: the body may still be coming."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = (*headers, *CLOSE) if unread else headers
        self.unread = unread


def processing_failed(failure: Failure) -> IngestRefusedError:
    """A processor could not deal with a message; nothing of its request was written."""
    return IngestRefusedError(
        422, "processing_failed", f"{_place(failure)}: {failure.text}. Nothing was accepted"
    )


def messages_limited(headers: Headers) -> IngestRefusedError:
    """The plan's messages are used up for longer than anybody waits; headers: when there are more."""
    return IngestRefusedError(429, "messages_limited", "the plan allows no more messages for now", headers)


def output_failed(error: OutputError, messages: int) -> IngestRefusedError:
    """The output did not take all messages, of so many."""
    errors = list(error.errors.values()) if isinstance(error, BatchError) else [error] * messages
    status, code = _verdict(errors)
    headers = RETRY_SOON if status == 503 else ()
    return IngestRefusedError(status, code, _detail(errors, messages), headers)


def _verdict(errors: Sequence[Exception]) -> tuple[int, str]:
    """Status and code for all errors together: who sends again must not be told that it cannot help."""
    if all(isinstance(error, TooLargeError) for error in errors):
        return 413, "too_large"
    if all(isinstance(error, RejectedMessageError) for error in errors):
        return 422, "rejected"
    if all(isinstance(error, OutputBusyError) for error in errors):
        return 503, "busy"
    return 502, "output_failed"


def _detail(errors: Sequence[Exception], messages: int) -> str:
    first = errors[0]
    reason = f"{_place(first.failure)}: {first}" if isinstance(first, ProcessingFailedError) else str(first)
    if messages == 1:
        return f"{reason}. Nothing was accepted"
    if len(errors) >= messages:
        return f"{reason}. None of the {messages} messages was accepted"
    return f"{reason}. {len(errors)} of the {messages} messages were not accepted; the others were"


def _place(failure: Failure) -> str:
    line = "" if failure.line is None else f", line {failure.line}"
    return f"{failure.stage}{line}"
