"""Check variables of the caller: where they may stand, which there are, and whether there is a caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from streams.bloblang.caller_text import names_in
from streams.config import Node
from streams.lint.findings import Findings
from streams.spec import Component, Field, Kind, is_called, is_replayable
from streams.variables import Components, component_variables, takes_variables

_SECRET: Final = re.compile(r"\$secret_[a-z]+\.")
_CREDENTIALS: Final = frozenset({"headers_authorization", "headers_proxy_authorization", "headers_cookie"})
_KNOWN: Final = frozenset({"request_id", "path", "path_parts", "remote_addr"})
_PREFIXES: Final = ("headers_", "cookies_", "request_data_", "jwt_claims_", "jwt.claims.")


def check_variables(checker: Findings, field: Field, node: Node) -> None:
    """Report variables in the text of a field that may not stand there."""
    if _SECRET.search(node.value):
        _found(
            checker,
            node,
            "secret_reference",
            "secrets cannot be named in a definition",
            "use a connection, which the operator defines with its credentials, or a variable of the environment that"
            " the operator lists: `${NAME}`",
        )
    names = list(names_in(node.value))
    if names and not takes_variables(field):
        message = f"${names[0]} is chosen by whoever calls, who may not choose {field.name!r}"
        remedy = "use it in the text of a mapping, or in `consumer_group`"
        _found(checker, node, "variable_refused", message, remedy)
        return
    for name in names:
        _check_name(checker, node, *name.split(".", 1))


def _check_name(checker: Findings, node: Node, group: str, name: str) -> None:
    if group == "tyk_meta":
        return
    if name.lower().replace("-", "_") in _CREDENTIALS or name.startswith("cookies_"):
        message = f"$tyk_context.{name} would give a caller's credentials to the stream"
        remedy = "use an attribute of the subscription: `$tyk_meta.name`"
        _found(checker, node, "variable_refused", message, remedy)
    elif name not in _KNOWN and not name.startswith(_PREFIXES):
        known = ", ".join([*sorted(_KNOWN), *(f"{prefix}*" for prefix in _PREFIXES[:3])])
        _found(checker, node, "variable_unknown", f"there is no $tyk_context.{name}", f"known: {known}")


def caller_faults(stream: Components, reading: Component) -> Iterator[tuple[str, str, str]]:
    """What is wrong with how a whole stream uses variables: code, message and remedy.

    reading: its input.
    """
    used = {component.pointer: set(component_variables(component)) for component in stream.components()}
    if not any(used.values()) or is_called(reading):
        return
    name = min(name for names in used.values() for name in names)
    if not any(component.spec.in_gateway for component in stream.components()):
        yield "no_caller", f"${name} has no value: nobody calls this stream", "take it out"
    elif reading.spec.name != "kafka" or not used[reading.pointer]:
        message = (
            f"with ${name} the stream differs for each caller, who then needs a place of its own to read from"
        )
        yield (
            "caller_without_position",
            message,
            "use a variable in the `consumer_group` of a `kafka` input too",
        )
    elif not all(map(is_replayable, _processors(stream))):
        message = f"${name} makes a stream for each caller, but what its processors do can be done once only"
        yield "caller_not_replayable", message, "use only processors and functions that can be repeated"


def _processors(stream: Components) -> Iterator[Component]:
    return (component for component in stream.components() if component.spec.kind is Kind.PROCESSOR)


def _found(checker: Findings, node: Node, code: str, message: str, remedy: str) -> None:
    checker.findings.append(checker.source.finding(node, code, message, remedy))
