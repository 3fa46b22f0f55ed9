"""What tests of several parts of the engine share: an HTTP service, and the client that calls it."""

import asyncio

import pytest
from aiohttp import web

from streams.http.client import HttpClient
from streams.outbound import Guard


class Service:
    """Answers from a list, then as it was asked; remembers requests."""

    def __init__(self):
        self.asked = []
        self.answers = []
        self.url = ""
        self.waiting = 0
        self.together = asyncio.Event()
        self.more = asyncio.Event()

    async def handle(self, request):
        body = await request.read()
        self.asked.append((request.method, request.path_qs, dict(request.headers), body))
        if request.path == "/together":
            self.waiting += 1
            if self.waiting == 3:
                self.together.set()
            await self.together.wait()
        if request.path == "/never":
            await asyncio.Event().wait()
        answer = self.answers.pop(0) if self.answers else web.Response(body=body)
        return await answer(request) if callable(answer) else answer

    async def streamed(self, request, *pieces):
        """Answer piece by piece, the last of them when `more` is set; then end."""
        response = web.StreamResponse(headers={"X-Feed": "7"})
        await response.prepare(request)
        for piece in pieces[:-1]:
            await response.write(piece)
        await self.more.wait()
        await response.write(pieces[-1])
        return response


@pytest.fixture
async def service():
    made = Service()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    made.more.set()
    await runner.cleanup()


@pytest.fixture
async def http():
    """The client of a process that may call this machine."""
    guard = Guard(("127.0.0.0/8",))
    client = HttpClient(guard)
    yield client
    await client.close()
    guard.close()
