"""What the tests of the sender share: both kinds of event loop, an authority, names that resolve, a sender."""

import asyncio
import socket

import pytest
import uvloop

from streams.outbound import Guard
from tests.webhooks.authority import Authority
from webhooks.request import Request, Target
from webhooks.sender import Sender

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = 0.3
"""A deadline for receivers that are meant to pass it, in seconds."""


# The hook that is to come in the place of `event_loop_policy` works only for all tests at once.
BOTH_LOOPS = pytest.mark.filterwarnings("ignore:Overriding the .event_loop_policy. fixture is deprecated")


@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy], ids=["asyncio", "uvloop"])
def event_loop_policy(request):
    """The worker runs on uvloop; what holds only there would be luck."""
    return request.param()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


class Names:
    """A resolver that a test can change."""

    def __init__(self):
        self.addresses = {}

    def __call__(self, host):
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.addresses[host]


@pytest.fixture
def names():
    return Names()


@pytest.fixture
async def make_sender(authority, names):
    made = []

    def make(*, allow=("127.0.0.0/8",), **options):
        guard = Guard(allow, resolver=names)
        made.append((Sender(guard, context=authority.client_context(), **options), guard))
        return made[-1][0]

    yield make
    for each, guard in made:
        await each.close()
        guard.close()


def request_to(url, body=b'{"a":1}', headers=b""):
    return Request(Target.of(url), b"application/json", b"msg_1", b"1700000000", b"v1,c2ln", body, headers)


def plain(receiver, path="/hook"):
    return request_to(f"http://127.0.0.1:{receiver.port}{path}")
