"""The tutorial: from a topic to a signed webhook of one's own, in calls of the management API.

`make up` prints the calls for a shell, the README shows them, `make smoke` makes them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from portal.demonstration.shop import CONNECTION, document

# What the shell's lines below use: a call with the key, and the id in its answer or in a member of it.
PRELUDE: Final = r"""
api() { curl -sS -H "Authorization: $KEY" -H "Content-Type: application/json" "$SLUICE/api/$1" ${2:+-d "$2"}; }
pick() { python3 -c 'import json, sys; a = json.load(sys.stdin); print(a.get(sys.argv[1], a).get("id") or a)' "$1"; }
""".strip()
LINE: Final = 96  # characters of JSON that stay on one line


@dataclass(frozen=True, slots=True)
class Step:
    """One call: a POST of JSON below /api/."""

    says: str  # what it is for
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    keeps: str = ""  # the variable that later steps find the answer's id in, as `$NAME`
    member: str = ""  # of the answer, that has the id; empty: the answer itself

    def id_in(self, answer: dict[str, Any]) -> str:
        """The id that is kept."""
        return str((answer[self.member] if self.member else answer)["id"])


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where the tutorial's webhooks go."""

    url: str
    secret: str


def steps(name: str, receiver: Receiver) -> tuple[Step, ...]:
    """The calls, for a topic, product and app named `name`."""
    event_type = f"{name}.said"
    product = {
        "name": name,
        "slug": name,
        "webhooks_enabled": True,
        "definitions": ["$DEFINITION"],
        "event_types": [event_type],
    }
    endpoint = {"app": "$APP", "url": receiver.url, "secret": receiver.secret}
    plan = {"name": "Free", "approval": "automatic"}
    definition = {"activate": True, "document": _document(name)}
    return (
        Step("fill a topic, and make events of it", "definitions", definition, "DEFINITION", "definition"),
        Step("the type of these events", "event-types", {"name": event_type}, "EVENT_TYPE"),
        Step("a product that sells them", "products", product, "PRODUCT"),
        Step("a plan that needs no approval", "products/$PRODUCT/plans", plan, "PLAN"),
        Step("into the catalogue", "products/$PRODUCT/publish"),
        Step("an app", "apps", {"name": name}, "APP"),
        Step("its subscription", "subscriptions", {"app": "$APP", "product": name, "plan": "$PLAN"}),
        Step("where it receives", "endpoints", endpoint, "ENDPOINT", "endpoint"),
    )


def undoing() -> tuple[tuple[str, str], ...]:
    """The calls, method and path, that take away what the steps made."""
    return (
        ("DELETE", "apps/$APP"),
        ("POST", "products/$PRODUCT/unpublish"),
        ("DELETE", "products/$PRODUCT"),
        ("DELETE", "definitions/$DEFINITION"),
        ("DELETE", "event-types/$EVENT_TYPE"),
    )


def shell(steps: tuple[Step, ...]) -> Iterator[str]:
    """The calls as lines to paste into a shell in which SLUICE and KEY are set."""
    yield PRELUDE
    for step in steps:
        call = f'api "{step.path}" {_quoted(step.body)}'
        yield f"# {step.says}"
        yield f"{step.keeps}=$({call} | pick {step.member}".rstrip() + ")" if step.keeps else call


def _quoted(body: dict[str, Any]) -> str:
    """JSON in single quotes, left for the variables that the shell is to fill in."""
    text = _laid_out(body, "").replace("'", "'\\''")
    for variable in ("DEFINITION", "PRODUCT", "PLAN", "APP"):
        text = text.replace(f"${variable}", f"'${variable}'")
    return f"'{text}'"


def _laid_out(value: Any, indent: str) -> str:
    """JSON whose objects take a line per member where they are long."""
    text = json.dumps(value)
    if len(text) <= LINE or not isinstance(value, dict):
        return text
    deeper = f"{indent}  "
    members = [f"{deeper}{json.dumps(name)}: {_laid_out(member, deeper)}" for name, member in value.items()]
    return "{\n" + ",\n".join(members) + "}"


def _document(name: str) -> dict[str, Any]:
    produce = {
        "input": {"generate": {"interval": "1s", "mapping": 'root = {"text": "hello", "number": counter()}'}},
        "output": {"kafka": {"addresses": [CONNECTION], "topic": name}},
    }
    consume = {
        "input": {"kafka": {"addresses": [CONNECTION], "topics": [name], "consumer_group": name}},
        "pipeline": {"processors": [{"mapping": "root = this\nroot.loud = this.text.uppercase()"}]},
        "output": {"portal_webhook": {"event_type": f"{name}.said"}},
    }
    return document(name, f"/{name}/", {"produce": produce, "consume": consume})
