"""Forms that documentation of Tyk Streams shows and Bento refuses: understood here, with a warning."""

from __future__ import annotations

from dataclasses import replace

from streams.config import Finding, Node, Text, parse_duration, written_at
from streams.spec import Severity


def rate_limit_of(source: Text, node: Node) -> tuple[Node, Finding] | None:
    """The rate limit that a duration means where the label of one is expected: one go in it.

    None: it is no duration.
    """
    try:
        if parse_duration(node.value) <= 0:
            return None
    except ValueError:
        return None
    limit = written_at(node, "limit", {"local": {"count": 1, "interval": node.value}})
    message = "a duration is understood here, not by Bento, which wants the label of a rate limit"
    remedy = f"add a rate limit to `rate_limit_resources`: `local: {{count: 1, interval: {node.value}}}`"
    return limit, warning_at(source, node, "duration_as_rate_limit", message, remedy)


def with_one_output(source: Text, findings: list[Finding], node: Node) -> Node:
    """A stream whose `outputs` at the root, if it has them, are those of a broker in its `output`."""
    several = node.get("outputs")
    if several is None:
        return node
    if node.get("output") is not None:
        message = "the stream has both `output` and `outputs`"
        findings.append(source.finding_at_key(several, "outputs_twice", message, "keep one of them"))
        return node
    message = "`outputs` at the root is understood here, not by Bento"
    remedy = "write `output: {broker: {outputs: [...]}}`"
    finding = source.finding_at_key(several, "outputs_at_root", message, remedy)
    findings.append(replace(finding, severity=Severity.WARNING))
    broker = written_at(node, "output", {"broker": {}})
    broker.value["broker"].value["outputs"] = several
    return replace(node, value={**node.value, "output": broker})


def warning_at(source: Text, node: Node, code: str, message: str, remedy: str) -> Finding:
    """A warning at a value."""
    return replace(source.finding(node, code, message, remedy), severity=Severity.WARNING)
