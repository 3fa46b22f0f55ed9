"""`sql_select`, `sql_insert` and `sql_raw` on PostgreSQL, MariaDB and SQLite."""

import json
import uuid

import pytest

from streams.connections import Connections
from streams.spec import Rules, Severity
from tests.streams.making import findings
from tests.streams.processors.processing import errors, values

DRIVERS = ("postgres", "mysql", "sqlite")
HOSTILE = ["x", "'; DROP TABLE t; --", '"', "\\", "\\'", "%s ? $1", "é\u2603\U0001f600", "", "0x27"]


@pytest.fixture
def table():
    return f"t{uuid.uuid4().hex}"


def body(driver, databases, **more):
    return json.dumps({"driver": driver, "dsn": databases[driver], **more})


def place_holder(driver, at=1):
    return f"${at}" if driver == "postgres" else "?"


async def create(run, databases, driver, table, columns):
    query = f"CREATE TABLE {table} ({columns})"
    made = await run(f"- sql_raw: {body(driver, databases, query=query, exec_only=True)}").run({})
    assert errors(made) == [None]


@pytest.mark.parametrize("driver", DRIVERS)
async def test_rows_go_in_and_come_out_as_they_were_whatever_is_in_them(run, databases, driver, table):
    await create(
        run, databases, driver, table, "id bigint primary key, name varchar(99), big double precision"
    )
    inserting = {
        "table": table,
        "columns": ["id", "name", "big"],
        "args_mapping": "root = [this.id, this.n, 1.5]",
    }
    insert = run(f"- sql_insert: {body(driver, databases, **inserting)}")
    messages = [{"id": at, "n": text} for at, text in enumerate([*HOSTILE, None])]
    made = await insert.run(*messages)
    assert (errors(made), values(made)) == ([None] * len(messages), [messages])
    selecting = {"table": table, "columns": ["*"], "where": "name = ?", "args_mapping": "root = [this.n]"}
    found = await run(f"- sql_select: {body(driver, databases, **selecting)}").run(*messages)
    assert values(found)[0][:-1] == [
        [{"id": at, "name": text, "big": 1.5}] for at, text in enumerate(HOSTILE)
    ]
    assert values(found)[0][-1] == []


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_row_that_cannot_be_added_flags_its_message_only(run, databases, driver, table):
    await create(run, databases, driver, table, "id bigint primary key")
    inserting = {
        "table": table,
        "columns": ["id"],
        "args_mapping": "root = if this == 9 { [1, 2] } else { [this] }",
    }
    made = await run(f"- sql_insert: {body(driver, databases, **inserting)}").run(1, 2, 1, 9, 3)
    failed = errors(made)
    assert [text is None for text in failed] == [True, True, False, False, True]
    assert failed[2].startswith("failed to insert: ")
    assert failed[3] == "the mapping gives 2 values for 1 columns"
    counting = run(f"- sql_raw: {body(driver, databases, query=f'SELECT count(*) AS n FROM {table}')}")
    assert values(await counting.run({})) == [[[{"n": 3}]]]


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_query_that_fails_flags_its_message_and_the_session_serves_the_next(run, databases, driver):
    query = f"SELECT 1 / {place_holder(driver)} AS n"
    if driver == "postgres":
        query = "SELECT 1 / $1::int AS n"
    asking = run(f"- sql_raw: {body(driver, databases, query=query, args_mapping='root = this')}")
    made = await asking.run([1], "no array", [1, 2], [1])
    assert [text is None for text in errors(made)] == [True, False, False, True]
    assert "must give an array" in errors(made)[1]
    assert values([made[0][3:]])[0][0][0]["n"] in {1, "1.0000"}


async def test_moments_and_documents_are_bound_and_read(run, databases, table):
    await create(
        run, databases, "postgres", table, "at timestamptz, doc jsonb, n numeric, d date, tags text[]"
    )
    moment = '"2024-02-03T04:05:06.5Z".ts_parse("2006-01-02T15:04:05Z07:00")'
    mapping = f'root = [{moment}, this, 12.50, "2024-01-02", "{{a,b}}"]'
    inserting = {"table": table, "columns": ["at", "doc", "n", "d", "tags"], "args_mapping": mapping}
    made = await run(f"- sql_insert: {body('postgres', databases, **inserting)}").run({"a": [1, True]})
    assert errors(made) == [None]
    [[found]] = await run(f"- sql_raw: {body('postgres', databases, query=f'SELECT * FROM {table}')}").run({})
    assert found.value == [
        {
            "at": "2024-02-03T04:05:06.500000Z",
            "doc": '{"a": [1, true]}',
            "n": "12.5",
            "d": "2024-01-02T00:00:00Z",
            "tags": "{a,b}",
        }
    ]


async def test_moments_of_mariadb_are_its_texts_or_rfc_3339(run, databases):
    query = "SELECT TIMESTAMP '2024-02-03 04:05:06' AS at, CAST(1.50 AS DECIMAL(5,2)) AS n"
    for more, at in (("", "2024-02-03 04:05:06"), ("?parseTime=true", "2024-02-03T04:05:06Z")):
        dsn = {"mysql": databases["mysql"] + more}
        made = await run(f"- sql_raw: {body('mysql', dsn, query=query)}").run({})
        assert values(made) == [[[{"at": at, "n": "1.50"}]]]


@pytest.mark.parametrize(
    ("driver", "slow"), [("postgres", "SELECT pg_sleep(60)"), ("mysql", "SELECT SLEEP(60)")]
)
async def test_a_slow_statement_is_given_up(run, databases, driver, slow):
    made = await run(f"- sql_raw: {body(driver, databases, query=slow, timeout='200ms')}").run({})
    assert errors(made)[0] is not None or values(made) == [[[{"SLEEP(60)": 1}]]]


async def test_a_slow_statement_of_sqlite_is_interrupted(run, databases):
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    made = await run(f"- sql_raw: {body('sqlite', databases, query=query, timeout='200ms')}").run({})
    assert errors(made) == ["failed to run query: the database did not answer within 0.2 s"]


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_result_is_bounded(run, databases, driver):
    ten = "(SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5)"
    query = f"SELECT a.n FROM {', '.join(f'{ten} {name}' for name in 'abcdef')}"
    made = await run(f"- sql_raw: {body(driver, databases, query=query)}").run({})
    assert errors(made) == ["failed to run query: the query gives more than 10000 rows: add a limit to it"]


async def test_sessions_are_shared_and_opened_anew_when_they_were_cut(run, databases, relay):
    asking = run(f"- sql_raw: {body('postgres', databases, query='SELECT 1 AS n')}\n- sql_raw: "
                 f"{body('postgres', databases, query='SELECT 2 AS n')}")  # fmt: skip
    assert values(await asking.run({}, {})) == [[[{"n": 2}], [{"n": 2}]]]
    assert relay.opened == 1
    relay.cut()
    await asking.run({})
    assert values(await asking.run({})) == [[[{"n": 2}]]]


async def test_a_database_that_is_away_flags_messages_until_it_is_back(run, databases, relay):
    await relay.stop()
    asking = run(f"- sql_raw: {body('postgres', databases, query='SELECT 1 AS n')}")
    assert errors(await asking.run({}))[0].startswith("failed to run query: the database cannot be reached: ")
    await relay.start()
    assert values(await asking.run({})) == [[[{"n": 1}]]]


@pytest.mark.parametrize(
    "query", ["ATTACH DATABASE '/tmp/other.db' AS o", "PRAGMA user_version", "VACUUM INTO '/tmp/o'"]
)
async def test_sqlite_reaches_no_other_file(run, databases, query):
    made = await run(f"- sql_raw: {body('sqlite', databases, query=query)}").run({})
    assert errors(made)[0].removeprefix("failed to run query: ") in {"not authorized", "authorization denied"}


async def test_the_guard_decides_where_a_definition_may_call(run, mariadb_server):
    dsn = {"mysql": f"shop:secret@tcp(127.0.0.1:{mariadb_server.port})/shop"}
    text = f"- sql_raw: {body('mysql', {'mysql': dsn['mysql'].replace('127.0.0.1', '127.1')}, query='SELECT 1 AS n')}"
    text = f"- sql_raw: {body('mysql', dsn, query='SELECT 1 AS n')}"
    # The connection has this address, so it is the operator's; another name for it is not.
    assert values(await run(text).run({})) == [[[{"n": 1}]]]
    text = text.replace("127.0.0.1", "localhost")
    refused = await run(text).run({})
    assert "does not lead to an address that may be called" in errors(refused)[0]
    assert values(await run(text, allow=("127.0.0.0/8", "::1/128")).run({})) == [[[{"n": 1}]]]


def problems(driver, dsn, rules=None, **more):
    text = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\npipeline: {processors: [{sql_raw: "
    found = findings(f"{text}{body(driver, {driver: dsn}, query='SELECT 1', **more)}}}]}}", rules=rules)
    return [one.code for one in found if one.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("driver", "dsn"),
    [
        ("postgres", "mysql://db/shop"),
        ("postgres", "postgres://db/shop?sslrootcert=/etc/passwd"),
        ("postgres", "postgres://db/shop?service=x"),
        ("postgres", "host=/var/run/postgresql dbname=sluice"),
        ("postgres", "postgres://%2Fvar%2Frun/shop"),
        ("mysql", "unix(/run/mysqld.sock)/shop"),
        ("mysql", "tcp(db:3306)/shop?allowAllFiles=true"),
        ("mysql", "tcp(db:3306)/shop?tls=skip-verify"),
        ("mysql", "no dsn"),
        ("sqlite", "file:/x.db?cache=shared"),
    ],
)  # fmt: skip
def test_a_dsn_that_reaches_for_more_is_refused(driver, dsn):
    assert problems(driver, dsn) == ["bad_dsn"]


def test_files_are_opened_only_where_the_operator_says():
    rules = Rules(sqlite_directories=("/srv/sqlite",))
    assert problems("sqlite", "file:/srv/sqlite/a/b.db", rules) == []
    for dsn in ("file:/etc/passwd", "file:/srv/sqlite/../../etc/passwd", ":memory:"):
        assert problems("sqlite", dsn, rules) == ["bad_dsn"]


def test_unknown_servers_are_refused_where_connections_are_the_rule():
    assert problems("postgres", "postgres://db.example/shop", Rules(connections=Connections())) == ["bad_dsn"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"unsafe_dynamic_query": True}, "field_refused"),
        ({"init_files": ["/etc/passwd"]}, "field_refused"),
        ({"iam_enabled": True}, "field_refused"),
        ({"conn_max_open": 1000}, "wrong_value"),
        ({"timeout": "0s"}, "wrong_value"),
        ({"args_mapping": "root ="}, "bad_mapping"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(more, code):
    assert problems("postgres", "postgres://u@db.example/shop", **more) == [code]


async def test_the_first_session_carries_the_first_statement_out(run, databases, table):
    first = f"CREATE TABLE {table} (id int)"
    text = body(
        "postgres", databases, query=f"INSERT INTO {table} VALUES (1)", exec_only=True, init_statement=first
    )
    assert errors(await run(f"- sql_raw: {text}").run({}, {})) == [None, None]


async def test_one_stream_enriches_from_two_databases(run, databases, table):
    rows = "SELECT 7 AS id, 'Ada' AS name"
    await create(run, databases, "postgres", table, "id int, name text")
    await run(
        f"- sql_raw: {body('postgres', databases, query=f'INSERT INTO {table} {rows}', exec_only=True)}"
    ).run({})
    await create(run, databases, "mysql", table, "sku varchar(9), amount int")
    stock = f"INSERT INTO {table} VALUES ('s-1', 3)"
    await run(f"- sql_raw: {body('mysql', databases, query=stock, exec_only=True)}").run({})
    customer = {
        "table": table,
        "columns": ["name"],
        "where": "id = ?",
        "args_mapping": "root = [this.customer]",
    }
    amount = {"table": table, "columns": ["amount"], "where": "sku = ?", "args_mapping": "root = [this.sku]"}
    text = f"""- branch:
    processors: [{{sql_select: {body("postgres", databases, **customer)}}}]
    result_map: root.name = this.index(0).name
- branch:
    processors: [{{sql_select: {body("mysql", databases, **amount)}}}]
    result_map: root.in_stock = this.index(0).amount"""
    made = await run(text).run({"customer": 7, "sku": "s-1"})
    assert values(made) == [[{"customer": 7, "sku": "s-1", "name": "Ada", "in_stock": 3}]]
