import gzip
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from streams.guarded_session import CallError, CallTimeoutError, GuardedSession
from streams.outbound import Guard, HostForbiddenError, HostUnresolvedError, UrlError
from tests.webhooks.authority import Authority

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = 0.3


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def names():
    return {}


@pytest.fixture
def make_session(authority, names):
    guards = []

    def resolve(host):
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return names[host]

    def make(*, allow=("127.0.0.0/8",), **options):
        guards.append(Guard(allow, resolver=resolve))
        return GuardedSession(guards[-1], context=authority.client_context(), **options)

    yield make
    for guard in guards:
        guard.close()


def request_head(connected):
    head = b""
    while b"\r\n\r\n" not in head:
        received = connected.recv(65536)
        if not received:
            break
        head += received
    return head


class Server:
    """Serves connections one after the other by a function, until its context ends."""

    def __init__(self, serve, context):
        self._serve, self._context = serve, context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.heads = []
        self.over = threading.Event()

    def run(self):
        while True:
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            with connected:
                try:
                    with (
                        self._context.wrap_socket(connected, server_side=True)
                        if self._context
                        else connected as talk
                    ):
                        self._serve(self, talk)
                except OSError:
                    continue

    def stop(self):
        self.over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@contextmanager
def serving(serve, context=None):
    server = Server(serve, context)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(30)


def answering(answer):
    def serve(server, connected):
        server.heads.append(request_head(connected))
        connected.sendall(answer)

    return serve


def dripping(start, drop):
    def serve(server, connected):
        request_head(connected)
        connected.sendall(start)
        while not server.over.is_set():
            connected.sendall(drop)
            time.sleep(0.01)

    return serve


def mute(server, connected):
    server.over.wait(60)


def test_a_call_reaches_a_vetted_address_with_the_urls_own_host(make_session, names):
    names["issuer.example"] = ["127.0.0.1"]
    with serving(answering(OK)) as server:
        url = f"http://issuer.example:{server.port}/keys?x=1"
        answer = make_session().call("POST", url, headers={"X-A": "b"}, body=b"{}")
    assert (answer.status, answer.body, answer.truncated) == (200, b"ok", False)
    head = server.heads[0]
    assert head.startswith(b"POST /keys?x=1 HTTP/1.1\r\n")
    assert f"Host: issuer.example:{server.port}".encode() in head
    assert b"X-A: b" in head


def test_an_https_call_checks_the_certificate_for_the_name(make_session, names, authority):
    names |= {"issuer.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    context = authority.server_context("issuer.example")
    asked = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with serving(answering(OK), context) as server:
        assert make_session().call("GET", f"https://issuer.example:{server.port}/").body == b"ok"
        with pytest.raises(CallError, match="TLS"):
            make_session().call("GET", f"https://other.example:{server.port}/")
    assert asked == ["issuer.example", "other.example"]


def test_a_certificate_of_an_authority_that_is_not_ours_is_refused(make_session, names, tmp_path):
    names["issuer.example"] = ["127.0.0.1"]
    context = Authority(tmp_path).server_context("issuer.example")
    with serving(answering(OK), context) as server, pytest.raises(CallError, match="TLS"):
        make_session().call("GET", f"https://issuer.example:{server.port}/")


def test_a_forbidden_or_unknown_host_is_not_called(make_session, names):
    names["inside.example"] = ["127.0.0.1"]
    with serving(answering(OK)) as server:
        for host in ("inside.example", "127.0.0.1"):
            with pytest.raises(HostForbiddenError):
                make_session(allow=()).call("GET", f"http://{host}:{server.port}/")
        with pytest.raises(HostUnresolvedError):
            make_session().call("GET", f"http://unknown.example:{server.port}/")
        with pytest.raises(UrlError):
            make_session().call("GET", f"ftp://inside.example:{server.port}/")
        assert server.heads == []


def test_no_redirect_is_followed(make_session):
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(answer)) as server:
        found = make_session().call("GET", f"http://127.0.0.1:{server.port}/")
    assert found.status == 302
    assert found.headers["LOCATION"] == "http://127.0.0.1:1/"


def test_proxies_and_passwords_of_the_environment_are_not_used(make_session, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(answering(OK)) as server:
        assert make_session().call("GET", f"http://127.0.0.1:{server.port}/").status == 200
    assert b"authorization" not in server.heads[0].lower()


def test_a_body_is_cut_after_decompression(make_session):
    bomb = gzip.compress(b"\0" * 20_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    with serving(answering(head + bomb)) as server:
        answer = make_session(body_bytes=1000).call("GET", f"http://127.0.0.1:{server.port}/")
    assert (answer.body, answer.truncated) == (b"\0" * 1000, True)


@pytest.mark.parametrize(
    "serve",
    [
        mute,
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    ],
    ids=["no answer", "header drip", "body drip", "drip until close"],
)
def test_the_deadline_holds_for_the_whole_call(make_session, serve):
    with serving(serve) as server, pytest.raises(CallError) as failed:
        make_session(seconds=SHORT).call("GET", f"http://127.0.0.1:{server.port}/")
    assert isinstance(failed.value, CallTimeoutError)


def test_the_deadline_holds_in_a_tls_handshake(make_session):
    with serving(mute) as server, pytest.raises(CallTimeoutError):
        make_session(seconds=SHORT).call("GET", f"https://127.0.0.1:{server.port}/")


def test_the_deadline_holds_for_the_resolver():
    release = threading.Event()
    guard = Guard(resolver=lambda _: ["1.1.1.1"] if release.wait(60) else [])
    with pytest.raises(HostUnresolvedError):
        GuardedSession(guard, seconds=SHORT).call("GET", "http://stuck.example/")
    release.set()
    guard.close()


def test_a_refused_connection_says_no_more_than_that_to_a_tenant(make_session):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(CallError) as failed:
            make_session().call("GET", f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert str(failed.value) == "the receiver could not be connected to, or hung up"
    assert "refused" in failed.value.detail


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_an_answer_that_is_not_whole_http_fails_the_call(make_session, answer):
    with serving(answering(answer)) as server, pytest.raises(CallError):
        make_session().call("GET", f"http://127.0.0.1:{server.port}/")
