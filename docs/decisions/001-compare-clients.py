"""CPU per signed 1 kB POST, by client, against nginx on loopback: the table of 001-webhook-sender.md.

Run from the project's root, with nginx and openssl installed, in an environment of its own:

    python -m venv clients && clients/bin/pip install -r requirements.txt
    clients/bin/pip install aiohttp pyreqwest pycurl
    PYTHONPATH=. clients/bin/python docs/decisions/001-compare-clients.py
"""

import asyncio
import resource
import ssl
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import aiohttp
import pycurl
import uvloop
from pyreqwest.client import ClientBuilder

from streams.outbound import Guard
from webhooks.sender import Request, Sender, Target
from webhooks.signing import HmacKey, sign

IN_FLIGHT, REQUESTS, WINDOWS = 64, 5000, 5
BODY = b"x" * 1024
KEY = [HmacKey(b"k" * 32)]
PORTS = {"http": 18980, "https": 18943}
NGINX = """
worker_processes 1; pid {0}/pid; error_log {0}/error.log; daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_buffer_size 64k; client_body_temp_path {0}/body;
  proxy_temp_path {0}/p; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
  server {{ listen 127.0.0.1:18980; listen 127.0.0.1:18943 ssl;
           ssl_certificate {0}/chain.pem; ssl_certificate_key {0}/key.pem; location / {{ return 204; }} }}
}}
"""


def signed():
    """Return the three headers of a message, made anew."""
    message_id, timestamp = b"msg_0123456789abcdef", b"%d" % time.time()
    return message_id, timestamp, sign(KEY, message_id, timestamp, BODY)


def header_texts():
    """Return a request's headers as names and values."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    values = (value.decode() for value in signed())
    return {"content-type": "application/json", **dict(zip(names, values, strict=True))}


async def measure(name, scheme, start):
    """Keep IN_FLIGHT requests going; print the median CPU per request of some windows.

    start(done): sends one request, later calls done(status).
    """

    async def window(count):
        left, over = count, asyncio.Event()

        def done(status):
            nonlocal left
            assert status == 204
            left -= 1
            if left >= IN_FLIGHT:
                start(done)
            elif left == 0:
                over.set()

        for _ in range(IN_FLIGHT):
            start(done)
        await over.wait()

    await window(2000)
    costs = []
    for _ in range(WINDOWS):
        before = resource.getrusage(resource.RUSAGE_SELF)
        await window(REQUESTS)
        after = resource.getrusage(resource.RUSAGE_SELF)
        costs.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / REQUESTS * 1e6)
    print(f"{name:10} {scheme:6} {statistics.median(costs):6.1f} us (least {min(costs):.1f})", flush=True)


def by_task(post):
    """Make a `start` of a coroutine function that returns a status."""
    running = set()

    def start(done):
        task = asyncio.ensure_future(post())
        running.add(task)
        task.add_done_callback(lambda ended: (running.discard(ended), done(ended.result())))

    return start


async def ours(scheme, url, authority):
    """Post with webhooks.sender."""
    sender = Sender(Guard(["127.0.0.0/8"]), context=ssl.create_default_context(cafile=authority))
    target = Target.of(url)

    def start(done):
        request = Request(target, b"application/json", *signed(), BODY)
        sender.start(request, lambda exchange: done(exchange.status))

    await measure("own", scheme, start)
    await sender.close()


async def with_aiohttp(scheme, url, authority):
    """Post with aiohttp."""
    connector = aiohttp.TCPConnector(limit=0, ssl=ssl.create_default_context(cafile=authority))
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=20)) as session:

        async def post():
            options = {"data": BODY, "headers": header_texts(), "allow_redirects": False}
            async with session.post(url, **options) as response:
                await response.content.read(65536)
                return response.status

        await measure("aiohttp", scheme, by_task(post))


async def with_pyreqwest(scheme, url, authority):
    """Post with pyreqwest."""
    trusted = authority.read_bytes()
    builder = ClientBuilder().follow_redirects(False).add_root_certificate_pem(trusted)  # noqa: FBT003
    async with builder.build() as client:

        async def post():
            return (await client.post(url).headers(header_texts()).body_bytes(BODY).build().send()).status

        await measure("pyreqwest", scheme, by_task(post))


class CurlLoop:
    """libcurl's multi interface, driven by the event loop."""

    def __init__(self, url, authority):
        self._url, self._authority = url, authority
        self._loop, self._timer = asyncio.get_running_loop(), None
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._free, self._done = [], {}

    def start(self, done):
        """Send one request."""
        handle = self._free.pop() if self._free else self._handle()
        handle.setopt(pycurl.POSTFIELDS, BODY)
        handle.setopt(
            pycurl.HTTPHEADER, ["Expect:", *(f"{name}: {value}" for name, value in header_texts().items())]
        )
        self._done[handle] = done
        self._multi.add_handle(handle)

    def close(self):
        """Close the connections while the loop still runs."""
        for handle in self._free:
            handle.close()
        self._multi.close()

    def _handle(self):
        handle = pycurl.Curl()
        for option, value in (
            (pycurl.URL, self._url),
            (pycurl.POST, 1),
            (pycurl.TIMEOUT_MS, 20000),
            (pycurl.CAINFO, str(self._authority)),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.NOSIGNAL, 1),
        ):
            handle.setopt(option, value)
        return handle

    def _watch(self, what, descriptor, _multi, _data):
        self._loop.remove_reader(descriptor)
        self._loop.remove_writer(descriptor)
        if what in (pycurl.POLL_IN, pycurl.POLL_INOUT):
            self._loop.add_reader(descriptor, self._act, descriptor, pycurl.CSELECT_IN)
        if what in (pycurl.POLL_OUT, pycurl.POLL_INOUT):
            self._loop.add_writer(descriptor, self._act, descriptor, pycurl.CSELECT_OUT)

    def _set_timer(self, milliseconds):
        if self._timer:
            self._timer.cancel()
        self._timer = None
        if milliseconds >= 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, descriptor, mask):
        self._multi.socket_action(descriptor, mask)
        _, succeeded, failed = self._multi.info_read()
        assert not failed
        for handle in succeeded:
            status = handle.getinfo(pycurl.RESPONSE_CODE)
            self._multi.remove_handle(handle)
            self._free.append(handle)
            self._done.pop(handle)(status)


async def with_pycurl(scheme, url, authority):
    """Post with pycurl on the event loop."""
    curl = CurlLoop(url, authority)
    await measure("pycurl", scheme, curl.start)
    curl.close()


def make_certificates(directory):
    """Make an authority and a certificate of it for 127.0.0.1."""
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    for command in (
        f"req -x509 {new_key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority",
        f"req {new_key} -keyout key.pem -out request.pem -subj /CN=127.0.0.1",
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out chain.pem",
    ):
        subprocess.run(["openssl", *command.split()], cwd=directory, check=True, stderr=subprocess.DEVNULL)


def main():
    """Start nginx, measure each client over each scheme, stop nginx."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        make_certificates(directory)
        (directory / "nginx.conf").write_text(NGINX.format(directory))
        directory.chmod(0o755)
        nginx = subprocess.Popen(["nginx", "-c", str(directory / "nginx.conf")])
        time.sleep(1)
        try:
            for scheme, port in PORTS.items():
                for client in (ours, with_pyreqwest, with_pycurl, with_aiohttp):
                    uvloop.run(client(scheme, f"{scheme}://127.0.0.1:{port}/", directory / "ca.pem"))
        finally:
            nginx.terminate()
            nginx.wait()


main()
