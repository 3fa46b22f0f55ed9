"""`sql_raw`: carries a statement out for each message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from streams import bloblang
from streams.bloblang import Mapping, MappingError
from streams.message import Message
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules
from streams.sql.fields import ARGUMENTS, POOL, SOURCE, WHERE_IT_MAY_GO
from streams.sql.parameters import parameters_of
from streams.sql.pool import Pool
from streams.sql.session import SqlError
from streams.sql.source import check_source, make_pool


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """Asks one query of a database, with other values for each message."""

    pool: Pool
    driver: str
    query: str
    arguments: Mapping | None
    """Makes the values; None: there are none."""
    keeps: bool
    """What the query gives is of no interest."""

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch, each message with its rows; one whose query fails keeps its payload and is flagged."""
        return [[await self._asked(messages, place) for place in range(len(messages))]]

    async def _asked(self, messages: list[Message], place: int) -> Message:
        message = messages[place]
        try:
            parameters = parameters_of(self.arguments, messages, place, self.driver)
            async with self.pool.session() as session:
                if self.keeps:
                    await session.execute(self.query, parameters)
                    return message
                return message.replaced(value=await session.query(self.query, parameters))
        except MappingError as error:
            return flagged(message, f"failed to make the arguments: {error.text}", error.line)
        except SqlError as error:
            return flagged(message, f"failed to run query: {error}")


def arguments_of(config: Config) -> Mapping | None:
    """The mapping that makes values for placeholders; None: there is none."""
    return bloblang.compile(config["args_mapping"]) if config["args_mapping"] else None


def _build(config: Config, context: BuildContext) -> SqlQuery:
    pool = make_pool(config, context)
    return SqlQuery(pool, config["driver"], config["query"], arguments_of(config), config["exec_only"])


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_source(config, rules)


SQL_RAW: Final = ComponentSpec(
    Kind.PROCESSOR,
    "sql_raw",
    "Carries a statement out for each message; the rows it gives become the payload.",
    _build,
    fields=(
        *SOURCE,
        Field(
            "query",
            FieldType.STRING,
            "The statement. Placeholders are `$1`, `$2` and so on for PostgreSQL, else `?`.",
        ),
        Field(
            "unsafe_dynamic_query",
            FieldType.BOOL,
            "Put parts of messages into the statement.",
            default=False,
            refused="whoever writes a message would write statements; use placeholders and `args_mapping`",
        ),
        ARGUMENTS,
        Field("exec_only", FieldType.BOOL, "Keep the payload, whatever the statement gives.", default=False),
        *POOL,
    ),
    description=f"The payload becomes an array with an object for each row. {WHERE_IT_MAY_GO}A message that is read "
    "again, as after a crash, is asked again: let the statement bear that.",
    check=_check,
    examples=(
        {
            "driver": "postgres",
            "dsn": "postgres://customers/shop",
            "query": "SELECT name, country FROM customer WHERE id = $1",
            "args_mapping": "root = [this.customer_id]",
        },
    ),
    per_message=True,
)
