"""`workflow`: branches in the order that what they read and write demands, those that can at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streams.bloblang import ParseError
from streams.message import Failure, Message, NotStructuredError
from streams.processors.branch import FIELDS, Answers, Branch, build_branch
from streams.processors.flags import flagged
from streams.processors.nested import one_batch
from streams.spec import (
    BuildContext,
    Component,
    ComponentSpec,
    Config,
    DryRun,
    Field,
    FieldType,
    Kind,
    Problem,
    Rules,
    Shape,
)
from streams.workflow.record import Record, at_path, skipped, with_path
from streams.workflow.tiers import CircularError, Maps, Tiers, check_order, infer


@dataclass(slots=True)
class _Work:
    """One batch on its way through the tiers."""

    messages: list[Message]
    records: list[Record]
    left_out: list[frozenset[str]]
    """Branches that are not to run, by message."""


class Workflow:
    """Runs tiers of branches and writes down what became of each."""

    def __init__(self, branches: Mapping[str, Branch], tiers: Tiers, meta_path: tuple[str, ...]) -> None:
        """meta_path: where in the document it is written down; empty: nowhere, and failures flag the message."""
        self._branches = branches
        self._tiers = tiers
        self._meta_path = meta_path

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch with the results of all branches."""
        work = _Work(list(messages), [Record() for _ in messages], [self._left_out(one) for one in messages])
        for tier in self._tiers:
            answers = await asyncio.gather(*(self._ask(name, work) for name in tier))
            for name, answer in zip(tier, answers, strict=True):
                self._take_over(name, answer, work)
        return one_batch([self._recorded(one, work.records[at]) for at, one in enumerate(work.messages)])

    def _left_out(self, message: Message) -> frozenset[str]:
        if not self._meta_path:
            return frozenset()
        try:
            return skipped(at_path(message.value, self._meta_path), self._branches)
        except NotStructuredError:
            return frozenset()

    async def _ask(self, name: str, work: _Work) -> Answers:
        places = [at for at, left_out in enumerate(work.left_out) if name not in left_out]
        return await self._branches[name].ask(list(work.messages), places)

    def _take_over(self, name: str, answers: Answers, work: _Work) -> None:
        for at, record in enumerate(work.records):
            if at not in answers.places and at not in answers.failures:
                record.skip(name)
                continue
            made = self._branches[name].merge(work.messages[at], answers, at)
            if isinstance(made, Message):
                work.messages[at] = made
                record.succeed(name)
            else:
                record.fail(name, made.text if isinstance(made, Failure) else "the message was deleted")

    def _recorded(self, message: Message, record: Record) -> Message:
        if not self._meta_path:
            failed = ", ".join(f"{name}: {why}" for name, why in sorted(record.failed.items()))
            return flagged(message, f"workflow branches failed: {failed}") if failed else message
        try:
            document = message.value
        except NotStructuredError as error:
            return flagged(message, f"failed to parse message for meta update: {error}")
        written = record.document(at_path(document, self._meta_path))
        return message.replaced(value=with_path(document, self._meta_path, written))


def _bodies(config: Config) -> dict[str, Config]:
    """The bodies of all branches by name, inline ones and resources."""
    resources: list[Component] = [one for one in config["branch_resources"] if one is not None]
    return {**config["branches"], **{one.label: one.config for one in resources}}


def _maps(config: Config) -> dict[str, Maps]:
    return {name: Maps(body["request_map"], body["result_map"]) for name, body in _bodies(config).items()}


def _tiers(config: Config) -> Tiers:
    order: list[list[str]] = config["order"]
    return tuple(tuple(tier) for tier in order) if order else infer(_maps(config))


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    for at, one in enumerate(config["branch_resources"]):
        if one is not None and one.spec.name != "branch":
            yield Problem(("branch_resources", at), "wrong_type", f"{one.label!r} is no `branch` processor")
            return
    names = _bodies(config)
    if not names:
        yield Problem((), "missing_field", "a workflow needs branches", "add `branches`")
    elif len(names) < len(config["branches"]) + len(config["branch_resources"]):
        yield Problem(("branch_resources",), "duplicate_key", "two branches have the same name", "rename one")
    elif config["order"]:
        yield from _check_order(config["order"], list(names))
    else:
        yield from _check_inferred(config)


def _check_order(order: Any, names: list[str]) -> Iterable[Problem]:
    tiers = isinstance(order, list) and all(isinstance(tier, list) for tier in order)
    if not tiers or not all(isinstance(name, str) for tier in order for name in tier):
        yield Problem(("order",), "wrong_type", "`order` is a list of lists of the names of branches")
    elif problem := check_order(order, names):
        yield Problem(("order",), "bad_order", problem, f"each once: {', '.join(names)}")


def _check_inferred(config: Config) -> Iterable[Problem]:
    try:
        infer(_maps(config))
    except CircularError as error:
        yield Problem((), "bad_order", str(error), "say the tiers in `order`")
    except ParseError:
        return  # it is reported where the mapping stands


def _build(config: Config, context: BuildContext) -> Workflow:
    meta_path = tuple(config["meta_path"].split(".")) if config["meta_path"] else ()
    branches = {name: build_branch(body, context) for name, body in _bodies(config).items()}
    return Workflow(branches, _tiers(config), meta_path)


WORKFLOW: Final = ComponentSpec(
    Kind.PROCESSOR,
    "workflow",
    "Runs branches in the order that what they read and write demands, those that can at the same time.",
    _build,
    fields=(
        Field(
            "meta_path",
            FieldType.STRING,
            "Where the document says what became of each branch; empty: nowhere, and failures flag the message.",
            default="meta.workflow",
        ),
        Field("order", FieldType.ANY, "Tiers of branches: lists of names. Empty: worked out.", default=[]),
        Field(
            "branch_resources",
            FieldType.PROCESSOR_RESOURCE,
            "Labels of `branch` processors among the stream's resources.",
            default=[],
            shape=Shape.LIST,
        ),
        Field(
            "branches", FieldType.OBJECT, "Branches by name.", default={}, shape=Shape.MAP, children=FIELDS
        ),
    ),
    description="A branch whose `request_map` reads what another's `result_map` writes runs after it. Branches that "
    "an earlier run wrote down as succeeded or skipped do not run again; `apply` beside them names the only ones to "
    "run.",
    check=_check,
    examples=(
        {
            "branches": {
                "customer": {
                    "request_map": "root.id = this.customer_id",
                    "processors": [{"mapping": "root.name = this.id.uppercase()"}],
                    "result_map": "root.customer = this.name",
                },
                "greeting": {
                    "request_map": "root = this.customer",
                    "processors": [{"mapping": 'root = "Dear " + content().string()'}],
                    "result_map": "root.greeting = content().string()",
                },
            }
        },
    ),
    dry_run=DryRun.RUN,
)
