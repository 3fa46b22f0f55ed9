"""`sql_select`: reads rows of a table for each message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.processors.sql_raw import SqlQuery, arguments_of
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Shape
from streams.sql.fields import ARGUMENTS, POOL, PREFIX, SOURCE, SUFFIX, WHERE_IT_MAY_GO
from streams.sql.source import check_source, make_pool
from streams.sql.statement import select


def _build(config: Config, context: BuildContext) -> SqlQuery:
    statement = select(
        config["driver"],
        table=config["table"],
        columns=config["columns"],
        where=config["where"],
        prefix=config["prefix"],
        suffix=config["suffix"],
    )
    return SqlQuery(
        make_pool(config, context), config["driver"], statement, arguments_of(config), keeps=False
    )


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_source(config, rules)
    if not config["columns"]:
        yield Problem(("columns",), "missing_field", "at least one column is read", "`*` means all")


SQL_SELECT: Final = ComponentSpec(
    Kind.PROCESSOR,
    "sql_select",
    "Reads rows of a table for each message; they become the payload.",
    _build,
    fields=(
        *SOURCE,
        Field("table", FieldType.STRING, "The table."),
        Field("columns", FieldType.STRING, "The columns, or expressions.", shape=Shape.LIST),
        Field(
            "where",
            FieldType.STRING,
            "Which rows; `?` is a placeholder with every driver.",
            default="",
        ),
        ARGUMENTS,
        PREFIX,
        SUFFIX,
        *POOL,
    ),
    description="The payload becomes an array with an object for each row; put it into a `branch` to keep the message. "
    + WHERE_IT_MAY_GO,
    check=_check,
    examples=(
        {
            "driver": "mysql",
            "dsn": "tcp(stock)/warehouse",
            "table": "stock",
            "columns": ["sku", "amount"],
            "where": "sku = ?",
            "args_mapping": "root = [this.sku]",
        },
    ),
    per_message=True,
)
