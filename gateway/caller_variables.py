"""Values of the variables a stream uses: `$tyk_context.*` of the request, `$tyk_meta.*` of the subscription.

Names and meanings are Tyk's (https://tyk.io/docs/api-management/traffic-transformation/request-context-variables/),
less what would give a stream its callers' credentials.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from gateway.caller import Caller
from gateway.request_messages import header_text, query_parameters
from gateway.withheld import Withheld
from streams.jsontext import serialise

_HEADER: Final = "headers_"
_DATA: Final = "request_data_"


def caller_variables(
    names: Iterable[str],
    scope: Mapping[str, Any],
    caller: Caller,
    withheld: Withheld,
    form: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Values by name, for each name as `streams.variables.variables_of` gives them; empty where there is none.

    form: fields of a form that was sent, which a parameter of the query comes before. Raises IngestRefusedError for a
    query that cannot be taken.
    """
    values: dict[str, str] = {}
    for name in names:
        group, _, key = name.partition(".")
        if group == "tyk_meta":
            values[name] = attribute_text(caller.attributes.get(key))
        else:
            values[name] = _of_request(key, scope, caller, withheld, form or {})
    return values


def attribute_text(value: object) -> str:
    """Return an attribute of a subscription as a stream gets it; empty where there is none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else serialise(value).decode()


def _of_request(
    name: str, scope: Mapping[str, Any], caller: Caller, withheld: Withheld, form: Mapping[str, str]
) -> str:
    if name == "remote_addr":
        return caller.address
    if name.startswith(_HEADER):
        return _header(name.removeprefix(_HEADER), scope, withheld)
    if name.startswith(_DATA):
        return _data(name.removeprefix(_DATA), scope, withheld, form)
    plain = _PLAIN.get(name)
    return "" if plain is None else plain(scope)


def _header(name: str, scope: Mapping[str, Any], withheld: Withheld) -> str:
    """A header by its name with `_` for `-`."""
    wanted = name.replace("_", "-").lower().encode("latin-1", "replace")
    for header, value in scope["headers"]:
        if header not in withheld.headers and header.replace(b"_", b"-") == wanted:
            return header_text(value)
    return ""


def _data(name: str, scope: Mapping[str, Any], withheld: Withheld, form: Mapping[str, str]) -> str:
    found = query_parameters(scope["query_string"], withheld).get(name)
    if found is None and name not in withheld.parameters:
        found = form.get(name)
    return found or ""


def _path_parts(scope: Mapping[str, Any]) -> str:
    return ",".join(part for part in scope["path"].split("/") if part)


_PLAIN: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "request_id": lambda _: str(uuid.uuid4()),
    "path": lambda scope: str(scope["path"]),
    "path_parts": _path_parts,
}
