"""The `http_client` input: asks an HTTP service for messages, at an interval or by a connection that stays open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from streams.bloblang import interpolate
from streams.config import parse_duration
from streams.http import fields
from streams.http.caller import make_caller
from streams.http.request import Template, make_template
from streams.http.selection import check_selection, make_selection, selection_field
from streams.inputs.http_polling import HttpPolling
from streams.inputs.http_streaming import HttpStreaming
from streams.inputs.pace import Pace
from streams.poll_times import PollTimes
from streams.spec import (
    BuildContext,
    Component,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Input,
    Kind,
    Problem,
    Rules,
    Severity,
)
from streams.statistics import Statistics

_REQUEST: Final = tuple(
    replace(field, default="GET") if field.name == "verb" else field for field in fields.REQUEST
)


def _build(config: Config, context: BuildContext) -> Input:
    reading: HttpPolling | HttpStreaming
    limit = None if _is_interval(config["rate_limit"]) else config["rate_limit"]
    caller = make_caller({**config, "rate_limit": limit}, context)
    template, extracted = _template(config), make_selection(config["extract_headers"])
    pace = _pace(config, context)
    if config["stream"]["enabled"]:
        reading = HttpStreaming(
            caller,
            template,
            extracted,
            pace,
            context.build(config["stream"]["scanner"]),
            keeps_empty=not config["drop_empty_bodies"],
            reconnects=config["stream"]["reconnect"],
            replay=config["auto_replay_nacks"],
        )
    else:
        reading = HttpPolling(
            caller,
            template,
            extracted,
            pace,
            keeps_empty=not config["drop_empty_bodies"],
            replay=config["auto_replay_nacks"],
        )
    context.service(Statistics).sources.append(pace.status)
    return reading


def _template(config: Config) -> Template:
    """The request sees the answer before, but brings nothing of it unless it is told to."""
    template = make_template(config)
    return replace(template, payload=template.payload or interpolate(""))


def _pace(config: Config, context: BuildContext) -> Pace:
    stream, place = context.stream, context.component.pointer if context.component else ""
    return Pace(
        context.choice(PollTimes()),
        f"{stream.definition_id}/{stream.stream_name}{place}",
        repr([config[name] for name in ("url", "verb", "headers", "payload", "body")]),
        interval_of(config),
        fields.make_rules(config),
    )


def interval_of(config: Config) -> float:
    """Seconds between polls; 0: none."""
    if config["interval"]:
        return parse_duration(config["interval"])
    limit = config["rate_limit"]
    return float(limit.config["interval"]) if _is_interval(limit) else 0.0


def _is_interval(limit: Component | None) -> bool:
    """A limit of one go is an interval, which holds over all workers and restarts where a limit would not."""
    return limit is not None and limit.spec.name == "local" and limit.config["count"] == 1


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from fields.check_request(config)
    yield from check_selection("extract_headers", config)
    try:
        interval = interval_of(config)
    except ValueError as error:
        yield Problem(
            ("interval",), "wrong_type", f"'interval': {error}", "write it as `300ms`, `5s` or `1h30m`"
        )
        return
    if interval < 0:
        yield Problem(("interval",), "wrong_value", "an interval cannot be negative")
    if not interval and not config["stream"]["enabled"] and config["rate_limit"] is None:
        yield Problem(
            ("url",),
            "polls_without_pause",
            "the service is asked again as soon as it has answered",
            "say how often in `interval`, such as `interval: 60s`",
            Severity.WARNING,
        )


HTTP_CLIENT: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="http_client",
    summary="Asks an HTTP service for messages.",
    description=(
        "Each answer becomes a message, or one for each part of a `multipart` answer, with the metadata"
        " `http_status_code` and what `extract_headers` takes. Over all workers the service is polled once in an"
        " `interval`; a `local` rate limit with a count of 1 is an interval too. Queries in `url`, `headers` and"
        " `payload` see the answer before. What was answered is kept in memory until the output has it: a crash"
        " loses it, unless the service gives it again. Redirects are not followed, and only addresses that the"
        " operator's guard lets through are called."
    ),
    fields=(
        *_REQUEST,
        Field(
            "interval",
            FieldType.STRING,
            "How often to ask, such as `60s`; empty: as fast as answers come. Bento has no such field.",
            default="",
        ),
        *fields.AUTHENTICATION,
        *fields.TRANSPORT,
        selection_field("extract_headers", "Headers of the answer, in lower case, to keep as metadata."),
        *fields.RETRIES,
        Field(
            "drop_empty_bodies",
            FieldType.BOOL,
            "Whether empty answers, and empty pieces of one that does not end, make no message.",
            default=True,
        ),
        Field(
            "stream",
            FieldType.OBJECT,
            "One answer that does not end, of which messages are made as it comes.",
            children=(
                Field("enabled", FieldType.BOOL, "Whether to read so.", default=False),
                Field("reconnect", FieldType.BOOL, "Ask again when it has ended all the same.", default=True),
                Field("scanner", FieldType.SCANNER, "What makes messages of it.", default={"lines": {}}),
                Field(
                    "codec",
                    FieldType.STRING,
                    "The old name of a scanner.",
                    default="lines",
                    refused="it is called `scanner` now, such as `scanner: {lines: {}}`",
                ),
                Field(
                    "max_buffer",
                    FieldType.INT,
                    "The largest line.",
                    default=1_000_000,
                    refused="a scanner has `max_buffer_size`",
                ),
            ),
        ),
        Field(
            "auto_replay_nacks", FieldType.BOOL, "Try rejected messages again; else drop them.", default=True
        ),
    ),
    examples=(
        {"url": "https://legacy.example/orders", "verb": "GET", "interval": "60s"},
        {"url": "https://legacy.example/events", "stream": {"enabled": True, "scanner": {"lines": {}}}},
    ),
    shared=False,
    build=_build,
    check=_check,
)
