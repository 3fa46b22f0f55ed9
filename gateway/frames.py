"""Messages as a client gets them: server-sent events, lines, WebSocket frames. Pure: bytes in, bytes out."""

import re
from typing import Final

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_IN_EVENT: Final = re.compile(rb"[\r\n]")

HEARTBEAT: Final = b": heartbeat\n\n"
"""A comment: keeps proxies and clients from taking a quiet stream for a dead one."""


def event(content: bytes, cursor: str = "") -> bytes:
    """One message as a server-sent event; cursor: what `Last-Event-ID` brings back.

    Content of several lines goes into several `data` fields, which a client joins with a line feed
    (https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6): a carriage return arrives as one.
    """
    head = b"id: %b\n" % cursor.encode() if cursor else b""
    if _IN_EVENT.search(content) is None:
        return b"%bdata: %b\n\n" % (head, content)
    return b"%bdata: %b\n\n" % (head, b"\ndata: ".join(_LINE_END.split(content)))


def moved(cursor: str) -> bytes:
    """Nothing but a new position: a client keeps the id and raises no event, as the event has no data."""
    return b"id: %b\n\n" % cursor.encode()


def retry(milliseconds: int) -> bytes:
    """After how long a client that lost its connection comes back."""
    return b"retry: %d\n\n" % milliseconds


def notice(name: str, data: bytes) -> bytes:
    """An event of the gateway's own, such as `gap` or `close`; data: one line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def line(content: bytes) -> bytes:
    """One message followed by a line feed, as Bento's `stream_path` sends it."""
    return content + b"\n"


def is_text(content: bytes) -> bool:
    """Tell whether content may go in a text frame, which holds UTF-8 (RFC 6455 section 5.6)."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
