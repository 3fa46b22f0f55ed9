import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.outbound import UrlError
from webhooks.request import USER_AGENT, HeaderError, Request, Target, check_headers, encode_headers

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": "k"},
        {"Authorization": "Bearer a.b=c", "Accept": "*/*", "x-odd!#$%&'*+.^_`|~": "a  b\tc"},
    ],
)
def test_ordinary_headers_are_taken(headers):
    check_headers(headers)


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "content-length",
        "Content-Type",
        "Transfer-Encoding",
        "Connection",
        "Expect",
        "Cookie",
        "User-Agent",
        "webhook-id",
        "Webhook-Signature",
        "X-Forwarded-For",
        "X-Amz-Security-Token",
        "Proxy-Authorization",
    ],
)
def test_headers_that_sluice_or_the_network_sets_are_refused(name):
    with pytest.raises(HeaderError, match=f"{name} cannot be set"):
        check_headers({name: "x"})


@pytest.mark.parametrize("name", ["", " ", "a b", "a:", "a\r\nb", "é", "(a)", "x" * 101])
def test_what_is_no_header_name_is_refused(name):
    with pytest.raises(HeaderError, match="is not a header name"):
        check_headers({name: "x"})


@pytest.mark.parametrize("value", ["", "a\r\nX-B: c", "a\nb", "a\0b", " a", "a ", "é"])
def test_a_value_that_is_not_one_line_of_text_is_refused(value):
    with pytest.raises(HeaderError, match="value of the header X-A"):
        check_headers({"X-A": value})


def test_a_name_given_twice_in_different_case_is_refused():
    with pytest.raises(HeaderError, match="twice"):
        check_headers({"X-A": "1", "x-a": "2"})


def test_too_many_headers_are_refused_with_their_size():
    with pytest.raises(HeaderError, match="4096 are allowed"):
        check_headers({f"X-{number}": "v" * 100 for number in range(50)})


@given(headers=st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4))
def test_headers_that_pass_are_one_line_each_on_the_wire(headers):
    try:
        check_headers(headers)
    except HeaderError:
        return
    lines = encode_headers(headers.items()).split(b"\r\n")
    assert len(lines) == len(headers) + 1
    assert b"\n" not in b"".join(lines)


def test_targets_of_one_receiver_share_its_connections():
    first, second = Target.of("https://a.example/x"), Target.of("https://A.example:443/y?z")
    assert first.key == second.key == ("https", "a.example", 443)
    assert first.key != Target.of("http://a.example:443/").key


def test_a_url_that_cannot_be_called_makes_no_target():
    with pytest.raises(UrlError):
        Target.of("ftp://a.example/")


@given(body=st.binary(max_size=300))
def test_the_length_said_is_the_length_sent(body):
    request = Request(Target.of("http://a.example/"), b"text/plain", b"m", b"1", b"v1,x", body)
    head, _, sent = request.encoded().partition(b"\r\n\r\n")
    assert sent == body
    assert b"Content-Length: %d" % len(body) in head.split(b"\r\n")


def test_the_user_agent_names_the_projects_version():
    assert tomllib.loads(PROJECT.read_text())["project"]["version"] == USER_AGENT.removeprefix("Sluice/")
