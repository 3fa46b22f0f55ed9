"""`sql_insert`: adds a row to a table for each message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from streams import bloblang
from streams.bloblang import Mapping, MappingError
from streams.message import Failure, Message
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Shape
from streams.sql.fields import ARGUMENTS, POOL, PREFIX, SOURCE, SUFFIX, WHERE_IT_MAY_GO
from streams.sql.parameters import parameters_of
from streams.sql.pool import Pool
from streams.sql.session import Parameter, Session, SqlError
from streams.sql.source import check_source, make_pool
from streams.sql.statement import insert

_MAX_PLACEHOLDERS: Final = 900
"""Of one statement; the smallest limit of the three databases, an old SQLite's, is 999."""
_Failures = dict[int, Failure]


@dataclass(frozen=True, slots=True)
class Table:
    """Where rows go."""

    driver: str
    name: str
    columns: tuple[str, ...]
    prefix: str
    suffix: str

    def statement(self, rows: int) -> str:
        """The statement that adds some rows."""
        return insert(
            self.driver,
            table=self.name,
            columns=self.columns,
            rows=rows,
            prefix=self.prefix,
            suffix=self.suffix,
        )

    @property
    def rows_at_once(self) -> int:
        """How many rows one statement may add."""
        return max(1, _MAX_PLACEHOLDERS // len(self.columns))


class SqlInsert:
    """Adds the rows of a batch together; where that fails, one after the other."""

    def __init__(self, pool: Pool, table: Table, arguments: Mapping) -> None:
        self._pool = pool
        self._table = table
        self._arguments = arguments

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch as it is; messages whose row could not be added are flagged."""
        rows, failures = self._rows(messages)
        places = list(rows)
        for start in range(0, len(places), self._table.rows_at_once):
            failures |= await self._insert(
                {at: rows[at] for at in places[start : start + self._table.rows_at_once]}
            )
        return [[_flagged(message, failures.get(at)) for at, message in enumerate(messages)]]

    def _rows(self, messages: list[Message]) -> tuple[dict[int, list[Parameter]], _Failures]:
        rows: dict[int, list[Parameter]] = {}
        failures: _Failures = {}
        for place in range(len(messages)):
            try:
                row = parameters_of(self._arguments, messages, place, self._table.driver)
            except MappingError as error:
                failures[place] = Failure(f"failed to make the arguments: {error.text}", line=error.line)
                continue
            if len(row) == len(self._table.columns):
                rows[place] = row
            else:
                text = f"the mapping gives {len(row)} values for {len(self._table.columns)} columns"
                failures[place] = Failure(text)
        return rows, failures

    async def _insert(self, rows: dict[int, list[Parameter]]) -> _Failures:
        try:
            async with self._pool.session() as session:
                await self._insert_into(session, list(rows.values()))
        except SqlError as error:
            if len(rows) == 1:
                return dict.fromkeys(rows, Failure(f"failed to insert: {error}"))
        else:
            return {}
        # A statement adds all of its rows or none: those that can be added are, the others say why not.
        failures: _Failures = {}
        for at, row in rows.items():
            failures |= await self._insert({at: row})
        return failures

    async def _insert_into(self, session: Session, rows: Sequence[list[Parameter]]) -> None:
        await session.execute(self._table.statement(len(rows)), [value for row in rows for value in row])


def _flagged(message: Message, failure: Failure | None) -> Message:
    return message if failure is None else flagged(message, failure.text, failure.line)


def _build(config: Config, context: BuildContext) -> SqlInsert:
    table = Table(
        config["driver"], config["table"], tuple(config["columns"]), config["prefix"], config["suffix"]
    )
    return SqlInsert(make_pool(config, context), table, bloblang.compile(config["args_mapping"]))


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_source(config, rules)
    if not config["columns"]:
        yield Problem(("columns",), "missing_field", "at least one column is written")
    if not config["args_mapping"]:
        yield Problem((), "missing_field", "sql_insert needs 'args_mapping'", ARGUMENTS.summary)


SQL_INSERT: Final = ComponentSpec(
    Kind.PROCESSOR,
    "sql_insert",
    "Adds a row to a table for each message.",
    _build,
    fields=(
        *SOURCE,
        Field("table", FieldType.STRING, "The table."),
        Field("columns", FieldType.STRING, "The columns that get a value.", shape=Shape.LIST),
        ARGUMENTS,
        PREFIX,
        SUFFIX,
        *POOL,
    ),
    description=f"Messages pass as they are. {WHERE_IT_MAY_GO}A message that is read again, as after a crash, is added "
    "again: a `suffix` such as `ON CONFLICT DO NOTHING` makes that harmless.",
    check=_check,
    examples=(
        {
            "driver": "postgres",
            "dsn": "postgres://customers/shop",
            "table": "seen",
            "columns": ["id", "at"],
            "args_mapping": "root = [this.id, now()]",
            "suffix": "ON CONFLICT DO NOTHING",
        },
    ),
    per_message=True,
)
