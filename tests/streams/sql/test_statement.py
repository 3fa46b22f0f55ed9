"""Statements and DSNs, without a database."""

import pytest

from streams.sql.mysql import dsn_url
from streams.sql.statement import insert, numbered, select


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("a = ? AND b = ?", "a = $1 AND b = $2"),
        ("a = '?' AND b = ?", "a = '?' AND b = $1"),
        ('"?" = ? -- ?\n AND /* ? */ c = ?', '"?" = $1 -- ?\n AND /* ? */ c = $2'),
        ("a = 'it''s ?' OR b = ?", "a = 'it''s ?' OR b = $1"),
        ("$$ ? $$ || ?", "$$ ? $$ || $1"),
        ("doc ?? 'k' AND b = ?", "doc ? 'k' AND b = $1"),
    ],
)
def test_question_marks_become_numbers_where_they_are_placeholders(statement, expected):
    assert numbered("postgres", statement) == expected
    assert numbered("mysql", statement) == statement


def test_parts_make_statements():
    parts = {"table": "t", "prefix": "", "suffix": "LIMIT 1"}
    assert (
        select("postgres", columns=["a", "b"], where="a = ?", **parts)
        == "SELECT a, b FROM t WHERE a = $1 LIMIT 1"
    )
    parts = {"table": "t", "prefix": "WITH x AS (SELECT 1)", "suffix": ""}
    made = insert("postgres", columns=["a", "b"], rows=2, **parts)
    assert made == "WITH x AS (SELECT 1) INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)"


@pytest.mark.parametrize(
    ("dsn", "url"),
    [
        ("u:p@tcp(db:3306)/shop", "mysql://u:p@db:3306/shop"),
        ("u:p@s/:w@tcp(db)/shop?parseTime=true", "mysql://u:p%40s%2F%3Aw@db/shop?parseTime=true"),
        ("/shop", "mysql://127.0.0.1/shop"),
        ("tcp(stock)/shop", "mysql://stock/shop"),
    ],
)
def test_dsns_of_mysql_are_read_as_its_driver_does(dsn, url):
    assert dsn_url(dsn) == url
