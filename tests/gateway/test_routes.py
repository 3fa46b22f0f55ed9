"""Where requests go: listen path, stream path, and what comes first where several match."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.routes import Asking, Purpose, Routes, matched
from tests.gateway.serving import REGISTRY, api
from tests.streams.making import stream


def definition(listen_path="/shop/", definition_id=1, **streams):
    checked = {name: replace(stream(text, REGISTRY), name=name) for name, text in streams.items()}
    return replace(api(INGEST, definition_id=definition_id), listen_path=listen_path, streams=checked)


INGEST = "input: {http_server: {path: /chat}}\noutput: {drop: {}}\n"
KAFKA = "kafka: {addresses: ['b:1'], topics: [t], consumer_group: g}"
EGRESS = f"input: {{{KAFKA}}}\noutput: {{http_server: {{path: /get, stream_path: /sse, ws_path: /ws}}}}\n"


def found(routes, path, **asking):
    route = routes.find(Asking(path, **asking))
    return (
        None if route is None else (route.purpose, route.stream and route.stream.name, dict(route.parameters))
    )


@pytest.fixture
def routes():
    return Routes([definition(chat=INGEST, out=EGRESS)])


@pytest.mark.parametrize(
    ("path", "asking", "purpose"),
    [
        ("/shop/chat", {"method": "POST"}, Purpose.INGEST),
        ("/shop/chat", {"method": "GET"}, Purpose.INGEST),  # its handler answers 405
        ("/shop/post/ws", {"websocket": True}, Purpose.INGEST_WEBSOCKET),
        ("/shop/get", {}, Purpose.POLL),
        ("/shop/get", {"wants_events": True}, Purpose.STREAM),
        ("/shop/get", {"websocket": True}, Purpose.WEBSOCKET),
        ("/shop/sse", {}, Purpose.STREAM),
        ("/shop/ws", {"websocket": True}, Purpose.WEBSOCKET),
        ("/shop/ws", {}, Purpose.UPSTREAM),
        ("/shop/sse", {"websocket": True}, Purpose.UPSTREAM),
        ("/shop/chat/more", {"method": "POST"}, Purpose.UPSTREAM),
        ("/shop", {}, Purpose.UPSTREAM),
        ("/shop/", {}, Purpose.UPSTREAM),
    ],
)
def test_a_path_and_how_it_is_asked_for_decide(routes, path, asking, purpose):
    assert found(routes, path, **asking)[0] is purpose


@pytest.mark.parametrize("path", ["/", "/shopping/chat", "/sho", "/other/shop/chat"])
def test_where_nobody_listens_there_is_no_route(routes, path):
    assert found(routes, path) is None


def test_the_longer_listen_path_has_what_is_under_both():
    both = Routes([definition(chat=INGEST), definition("/shop/new/", 2, chat=INGEST)])
    assert both.find(Asking("/shop/new/chat", "POST")).api.definition_id == 2
    assert both.find(Asking("/shop/chat", "POST")).api.definition_id == 1


def test_whole_paths_come_before_parameters_and_those_before_prefixes():
    def at(path):
        return f"input: {{http_server: {{path: '{path}', ws_path: ''}}}}\noutput: {{drop: {{}}}}\n"

    routes = Routes([definition(exact=at("/a/b"), one=at("/a/{x}"), two=at("/{y}/{x}"), under=at("/a/"))])
    post = {"method": "POST"}
    assert found(routes, "/shop/a/b", **post)[1:] == ("exact", {})
    assert found(routes, "/shop/a/c", **post)[1:] == ("one", {"x": "c"})
    assert found(routes, "/shop/d/c", **post)[1:] == ("two", {"y": "d", "x": "c"})
    assert found(routes, "/shop/a/b/c", **post)[1:] == ("under", {})
    assert found(routes, "/shop/a/", **post)[1:] == ("under", {})


def test_one_path_may_be_posted_to_and_got_from():
    ingest = "input: {http_server: {path: /both}}\noutput: {drop: {}}\n"
    routes = Routes([definition(into=ingest, out=EGRESS.replace("/get", "/both"))])
    assert found(routes, "/shop/both", method="POST")[0] is Purpose.INGEST
    assert found(routes, "/shop/both", method="GET")[0] is Purpose.POLL


def test_a_path_meant_for_websockets_comes_before_one_that_serves_them_too():
    own = EGRESS.replace("path: /get", "path: /other").replace("ws_path: /ws", "ws_path: /get")
    for streams in ({"first": EGRESS, "second": own}, {"first": own, "second": EGRESS}):
        meant = next(name for name, text in streams.items() if text is own)
        routes = Routes([definition(**streams)])
        assert found(routes, "/shop/get", websocket=True)[:2] == (Purpose.WEBSOCKET, meant)
        assert found(routes, "/shop/get")[0] is Purpose.POLL


segments = st.lists(st.text("abc{}._-", min_size=1, max_size=4), max_size=4)


@given(segments)
def test_a_path_without_parameters_matches_itself_alone(parts):
    path = "/" + "/".join(part.replace("{", "").replace("}", "") for part in parts)
    if "//" not in path and (path == "/" or not path.endswith("/")):
        assert matched(path, path) == {} or path == "/"
        assert matched(path, path + "/x") is None or path == "/"


@given(st.text("ab/{}", max_size=12), st.text("ab/", max_size=12))
def test_matching_never_fails(pattern, path):
    result = matched("/" + pattern, "/" + path)
    assert result is None or all(value and "/" not in value for value in result.values())
