"""Errors as HTTP clients of the gateway get them: `application/problem+json` (RFC 9457)."""

from collections.abc import Sequence

import orjson

from gateway.protocol import Send


async def problem(  # noqa: PLR0913 - what differs is named
    send: Send,
    status: int,
    title: str,
    detail: str,
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    code: str = "",
) -> None:
    """Answer a request with an error.

    title: the kind of error; detail: what is wrong with this request and what helps; code: a stable name for programs.
    """
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    content = orjson.dumps({**body, "code": code} if code else body)
    fixed = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": content})
