"""`parse_log`: the examples of the two standards, and what is no line of theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.processors.syslog import parse_rfc5424
from tests.streams.making import findings
from tests.streams.processors.processing import errors, processed, values

RFC5424 = b"<165>1 2003-10-11T22:14:15.003000Z mymachine.example.com evntslog - ID47 "
DATA = b'[exampleSDID@32473 iut="3" eventSource="A\\"pp"][examplePriority@32473 class="high"]'
HEAD = {
    "priority": 165,
    "facility": 20,
    "severity": 5,
    "version": 1,
    "timestamp": "2003-10-11T22:14:15.003Z",
    "hostname": "mymachine.example.com",
    "appname": "evntslog",
    "msgid": "ID47",
}
STRUCTURED = {
    "exampleSDID@32473": {"iut": "3", "eventSource": 'A"pp'},
    "examplePriority@32473": {"class": "high"},
}


def parse_log(form, more=""):
    return f"- parse_log: {{format: syslog_{form}{more}}}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (RFC5424 + DATA + b" An event", HEAD | {"structureddata": STRUCTURED, "message": "An event"}),
        (RFC5424 + b"- 'su root' failed\nagain", HEAD | {"message": "'su root' failed\nagain"}),
        (RFC5424 + DATA, HEAD | {"structureddata": STRUCTURED}),
        (RFC5424.rpartition(b" - ID47")[0], {key: value for key, value in HEAD.items() if key != "msgid"}),
    ],
)
async def test_rfc5424(line, expected):
    assert values(await processed(parse_log("rfc5424"), line)) == [[expected]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b"<34>Oct 11 22:14:15 mymachine su[77]: 'su root' failed",
            {
                "timestamp": "2026-10-11T22:14:15+02:00",
                "hostname": "mymachine",
                "appname": "su",
                "procid": "77",
                "message": "'su root' failed",
            },
        ),
        (
            b"<34>2003-10-11T22:14:15Z mymachine no tag here",
            {"timestamp": "2003-10-11T22:14:15Z", "hostname": "mymachine", "message": "no tag here"},
        ),
        (b"<34>", {}),
    ],
)
async def test_rfc3164(line, expected):
    text = parse_log("rfc3164", ", default_year: '2026', default_timezone: Europe/Berlin")
    assert values(await processed(text, line)) == [
        [{"priority": 34, "facility": 4, "severity": 2, **expected}]
    ]


@pytest.mark.parametrize(
    "line", [b"", b"plain", b"<999>1 - - - - - -", RFC5424.strip(), RFC5424 + b"[broken"]
)
async def test_a_line_that_is_not_whole_is_flagged_where_the_whole_is_wanted(line):
    made = await processed(parse_log("rfc5424", ", best_effort: false"), line)
    assert made[0][0].content == line
    assert errors(made)[0].startswith("failed to parse message: ")


@pytest.mark.parametrize("more", [", default_year: soon", ", default_timezone: Mars/Base"])
def test_a_year_or_zone_there_is_not_is_refused(more):
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    found = findings(f"{ends}pipeline:\n  processors:\n    {parse_log('rfc3164', more)}")
    assert [one.code for one in found] == ["wrong_option"]


@given(st.text(max_size=80), st.booleans())
def test_no_line_breaks_it(rest, best_effort):
    for line in (rest, f"<13>1 {rest}"):
        try:
            assert "priority" in parse_rfc5424(line, best_effort=best_effort)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - either is right
