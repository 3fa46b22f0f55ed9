"""Definitions of streams over HTTP that tests and benchmarks make."""

from typing import Any

Document = dict[str, Any]


def document(
    name: str, streams: Document, *, keyed: bool = False, strip: bool = True, upstream: str = ""
) -> Document:
    """A definition that listens at `/name/`."""
    server: Document = {"listenPath": {"value": f"/{name}/", "strip": strip}}
    server["authentication"] = {"enabled": keyed}
    return {
        "openapi": "3.0.3",
        "info": {"title": name, "version": "1"},
        "paths": {},
        "x-tyk-api-gateway": {
            "info": {"name": name, "state": {"active": True}},
            "server": server,
            "upstream": {"url": upstream},
        },
        "x-tyk-streaming": {"streams": streams},
    }


def from_topic(topic: str, *, group: str = "", **output: Any) -> Document:
    """A stream from a topic to clients at `/sse`, `/ws` and `/get`."""
    kafka = {"addresses": ["kafka"], "topics": [topic], "consumer_group": group or f"group-{topic}"}
    paths = {"path": "/get", "stream_path": "/sse", "ws_path": "/ws"}
    return {"input": {"kafka": kafka}, "output": {"http_server": {**paths, **output}}}


def into_topic(topic: str, *processors: Document, **http_input: Any) -> Document:
    """A stream from `/post` to a topic."""
    return {
        "input": {"http_server": {"path": "/post", **http_input}},
        "pipeline": {"processors": list(processors)},
        "output": {"kafka": {"addresses": ["kafka"], "topic": topic}},
    }
