from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream_headers import Hop, body_length, request_headers, response_headers
from gateway.upstream_target import RequestRefusedError, upstream_target
from streams.openapi import KeyPlaces
from streams.outbound import check_url
from tests.gateway.upstreams import api

HOP = Hop("sluice-1", frozenset({"sessionid"}))


def asked(raw: str, query: str = "", base: str = "http://u/v1", **of) -> str:
    scope = {"path": unquote(raw), "raw_path": raw.encode(), "query_string": query.encode()}
    return upstream_target(check_url(base), api(base, **of), scope)


@pytest.mark.parametrize(
    ("raw", "target"),
    [
        ("/shop/a/b", "/v1/a/b"),
        ("/shop/", "/v1/"),
        ("/shop", "/v1/"),
        ("/shop/a%2Fb/%C3%A4;v=1", "/v1/a%2Fb/%C3%A4;v=1"),
        ("/sh%6Fp/a b", "/v1/a%20b"),
        ("/shop/a//b/", "/v1/a//b/"),
        ("/shop/...", "/v1/..."),
    ],
)
def test_a_path_is_joined_as_it_was_spelled(raw, target):
    assert asked(raw) == target


def test_the_listen_path_stays_where_it_is_not_to_be_stripped():
    assert asked("/shop/a", strip=False) == "/v1/shop/a"


@pytest.mark.parametrize("path", ["../x", "a/..", "%2e%2e/x", "..%2fx", "a/./b", "..;/x", "..%5Cx", "%2e"])
def test_a_path_that_leads_out_of_the_published_one_is_refused(path):
    with pytest.raises(RequestRefusedError):
        asked(f"/shop/{path}")


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_whatever_the_path_what_is_asked_for_is_printable_and_under_the_base(text):
    scope = {"path": f"/shop/{text}", "query_string": text.encode(), "raw_path": None}
    try:
        target = upstream_target(check_url("http://u/v1"), api("http://u/v1"), scope)
    except RequestRefusedError:
        return
    assert target.startswith("/v1/")
    assert target.isascii()
    assert all(33 <= ord(character) < 127 for character in target)
    assert "#" not in target


def test_the_key_in_the_query_goes_however_its_name_is_spelled():
    places = KeyPlaces(query="api key")
    assert asked("/shop/", "a=1&api%20key=s&api+key=s&b=%20", places=places) == "/v1/?a=1&b=%20"
    assert asked("/shop/", "a=slk_" + "x" * 43) == "/v1/"


def test_a_body_has_one_length_or_comes_in_chunks():
    assert body_length([(b"content-length", b"5"), (b"transfer-encoding", b"chunked")]) is None
    assert body_length([(b"content-length", b"5"), (b"content-length", b"5")]) == 5
    assert body_length([]) is None
    for lengths in ((b"5", b"6"), (b"+5",), (b"5, 5",), (b"9" * 19,), (b"",)):
        with pytest.raises(RequestRefusedError):
            body_length([(b"content-length", length) for length in lengths])


@pytest.mark.parametrize("header", [(b"x", b"a\r\nb: c"), (b"x", b"a\0"), (b"x y", b"1"), (b"", b"1")])
def test_a_header_that_would_be_read_as_two_is_refused(header):
    with pytest.raises(RequestRefusedError):
        request_headers({"headers": [header]}, api("http://u"), HOP, "192.0.2.1")
    with pytest.raises(ValueError, match="character"):
        response_headers([header], HOP)


@given(st.lists(st.sampled_from(["a=1", "sessionid=x", " sessionid = y", "b", "sessionidx=1", "csrf=2"])))
def test_of_the_cookies_only_the_portals_are_taken_away(pairs):
    scope = {"headers": [(b"cookie", ";".join(pairs).encode())]}
    kept = [value for name, value in request_headers(scope, api("http://u"), HOP, "") if name == b"cookie"]
    expected = [pair.strip() for pair in pairs if pair.strip().partition("=")[0].strip() != "sessionid"]
    assert kept == (["; ".join(expected).encode()] if expected else [])


def test_an_answer_in_chunks_has_no_length_besides():
    given = [(b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked"), (b"X", b"1")]
    assert response_headers(given, HOP) == [(b"x", b"1")]


def test_quoting_is_as_the_standard_library_has_it():
    assert asked("/shop/" + quote("ä ö")) == "/v1/" + quote("ä ö")
