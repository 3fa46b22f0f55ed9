"""WebSockets that streams open, to a real service."""

import base64

import pytest
from websockets.asyncio.server import serve

from streams.connections import ConnectionSettings
from streams.errors import ConnectError, OutputError
from streams.message import Message
from tests.streams.connecting import connections, contents, numbered, output_of, reading, until
from tests.streams.making import ListOutput, findings
from tests.streams.secured import check_names


class Service:
    """Remembers handshakes and what it was sent; sends what it is told to each who comes."""

    def __init__(self):
        self.handshakes = []
        self.received = []
        self.says = []
        self.open = set()
        self.port = 0

    async def talk(self, socket):
        self.handshakes.append(socket.request)
        self.open.add(socket)
        for message in self.says:
            await socket.send(message)
        async for message in socket:
            self.received.append(message)

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/feed?a=b%2Fc"

    async def hang_up(self):
        for socket in self.open:
            await socket.close()
        self.open.clear()


@pytest.fixture
async def service():
    made = Service()
    async with serve(made.talk, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


def reads(service, more=""):
    return f"{{websocket: {{url: '{service.url}'{more}}}}}"


async def test_both_kinds_of_messages_are_read_after_what_we_say_first(service):
    service.says = ["text", b"\xff"]
    more = ", open_messages: [one, two], open_message_type: text, headers: {X-Key: '${! 1 + 1 }'}"
    async with reading(reads(service, more)) as (_, output):
        await until(lambda: len(output.taken) == 2 and len(service.received) == 2)
    assert contents(output) == [b"text", b"\xff"]
    assert service.received == ["one", "two"]
    [request] = service.handshakes
    assert (request.path, request.headers["X-Key"]) == ("/feed?a=b%2Fc", "2")
    assert len({one.source.identity for one in output.taken}) == 2


async def test_a_service_that_hangs_up_is_called_again(service):
    service.says = [b"hello"]
    async with reading(reads(service)) as (_, output):
        await until(lambda: len(output.taken) == 1)
        await service.hang_up()
        await until(lambda: len(output.taken) == 2)


async def test_an_input_whose_tries_are_used_up_ends(unused_tcp_port):
    text = f"{{websocket: {{url: 'ws://127.0.0.1:{unused_tcp_port}', connection: {{max_retries: 1}}}}}}"
    async with reading(text) as (pipeline, output):
        await until(lambda: not pipeline.connected)
    assert output.taken == []


async def test_rejected_messages_are_dropped_where_the_author_says_so(service):
    service.says = [b"one", b"two"]
    output = ListOutput()
    output.failures = [OutputError("never")]
    async with reading(reads(service, ", auto_replay_nacks: false"), output):
        await until(lambda: output.taken)
    assert contents(output) in ([b"two"], [b"one"])


async def test_messages_are_taken_when_the_service_has_them(service):
    async with output_of(f"{{websocket: {{url: '{service.url}'}}}}") as output:
        await output.write([Message(one) for one in numbered(100)])
        assert service.received == numbered(100)
        await service.hang_up()
        await until(lambda: not service.open)
        with pytest.raises(OutputError):
            await output.write([Message(b"lost")])
        await output.write([Message(b"again")])
    assert service.received[-1] == b"again"


async def test_what_the_service_says_meanwhile_does_not_hold_the_output_up(service):
    service.says = [b"x" * 1000] * 1000
    async with output_of(f"{{websocket: {{url: '{service.url}'}}}}") as output:
        await output.write([Message(b"through")])
    assert service.received == [b"through"]


async def test_names_and_passwords_come_from_the_definition_or_the_connection(service):
    basic = ", basic_auth: {enabled: true, username: u, password: p}"
    known = ConnectionSettings(
        (f"127.0.0.1:{service.port}",), username="c", password="s", name="feed", kind="websocket"
    )
    for text, given in (
        (reads(service, basic), None),
        ("{websocket: {url: 'ws://feed/x'}}", connections(known)),
    ):
        async with reading(text, given=given):
            await until(lambda: service.open)
        service.open.clear()
    headers = [one.headers["Authorization"] for one in service.handshakes]
    assert headers == [f"Basic {base64.b64encode(pair).decode()}" for pair in (b"u:p", b"c:s")]
    assert service.handshakes[1].path == "/x"


async def test_the_guard_decides_what_may_be_called_and_redirects_lead_nowhere_else(service):
    with pytest.raises(ConnectError, match="does not lead to an address that may be called"):
        async with output_of("{websocket: {url: 'ws://192.168.0.1/'}}"):
            pass

    def elsewhere(connection, _request):
        response = connection.respond(302, "")
        response.headers["Location"] = service.url
        return response

    async with serve(service.talk, "127.0.0.1", 0, process_request=elsewhere) as redirecting:
        port = redirecting.sockets[0].getsockname()[1]
        with pytest.raises(ConnectError, match="cross-origin"):
            async with output_of(f"{{websocket: {{url: 'ws://127.0.0.1:{port}/'}}}}"):
                pass
    assert service.handshakes == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("url: 'http://a'", "bad_url"),
        ("url: 'ws://a b'", "bad_url"),
        ("url: 'ws://a', proxy_url: 'http://p'", "field_refused"),
        ("url: 'ws://a', jwt: {enabled: true}", "field_refused"),
        ("url: 'ws://a', connection: {max_retries: -1}", "wrong_value"),
        ("url: 'ws://a', headers: {a: '${! this. }'}", "bad_interpolation"),
    ],
)
def test_what_cannot_be_opened_is_said_when_it_is_written(fields, code):
    found = findings(f"input: {{websocket: {{{fields}}}}}\noutput: {{drop: {{}}}}\n")
    assert code in {one.code for one in found}


async def test_a_certificate_is_checked_for_the_services_name(service, tmp_path):
    def there(server, tls):
        return f"{{websocket: {{url: 'wss://{server}/'{tls}}}}}"

    await check_names(tmp_path, service.port, "websocket", there, Message(b"secret"))
