"""Certificates in a definition: authorities to trust, and who we are, against a real server."""

from __future__ import annotations

import json
import ssl
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from streams.errors import OutputError
from streams.http.client import HttpClient
from streams.outputs.attempt import attempt
from streams.processed import build_output
from streams.spec import BuildContext
from streams.statistics import Statistics
from streams.stopping import StopSignal
from tests.load import certificates
from tests.streams.making import IDENTITY, message, stream


async def _taken(_request):
    return web.Response()


@asynccontextmanager
async def serving(made):
    """A server that only talks to clients with a certificate. Yields its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=made.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(made.chain, made.key)
    application = web.Application()
    application.router.add_post("/", _taken)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


def output_to(port, http, tls):
    config = {"url": f"https://127.0.0.1:{port}/", "retries": 0, "tls": {"enabled": True, **tls}}
    text = json.dumps({"input": {"generate": {"mapping": "root = 1"}}, "output": {"http_client": config}})
    services = {HttpClient: http, Statistics: Statistics(), StopSignal: StopSignal()}
    return build_output(stream(text).output, BuildContext(IDENTITY, services))


async def test_a_service_is_trusted_and_told_who_we_are_by_certificates_in_the_text(tmp_path, http):
    made = certificates.make(tmp_path, ["127.0.0.1"])
    authority, chain, key = (path.read_text() for path in (made.authority, made.chain, made.key))
    async with serving(made) as port:
        whole = {"root_cas": authority, "client_certs": [{"cert": chain, "key": key}]}
        assert await attempt(output_to(port, http, whole), [message()]) == {}
        for part in ({"root_cas": authority}, {"client_certs": whole["client_certs"]}):
            (error,) = (await attempt(output_to(port, http, part), [message()])).values()
            assert isinstance(error, OutputError)


@pytest.mark.parametrize("key", ["", "no key"])
def test_a_certificate_without_its_key_is_refused(tmp_path, key):
    made = certificates.make(tmp_path, ["127.0.0.1"])
    tls = {"enabled": True, "client_certs": [{"cert": made.chain.read_text(), "key": key}]}
    config = {"url": "https://a.example/", "tls": tls}
    text = json.dumps({"input": {"generate": {"mapping": "root = 1"}}, "output": {"http_client": config}})
    with pytest.raises(AssertionError, match="bad_certificate"):
        stream(text)
