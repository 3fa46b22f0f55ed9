"""The synchronous side of a whole gateway process, under both servers."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.gateway.asgi_harness import SERVERS, detail, gateway_process, wait_until
from tests.gateway.shop import document, open_shop

pytestmark = pytest.mark.django_db(transaction=True)

MEGABYTE = 1 << 20


class Orders(BaseHTTPRequestHandler):
    """An upstream that tells what it got, sends much, or breaks off."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/v1/large"):
            self.answer(64 * MEGABYTE, (bytes(MEGABYTE) for _ in range(64)))
        elif self.path.startswith("/v1/broken"):
            self.answer(10, [b"abc"])
            self.close_connection = True
        else:
            told = (
                f"{self.path} {self.headers.get('Authorization')} {self.headers['X-Forwarded-For']}".encode()
            )
            self.answer(len(told), [told])

    def do_POST(self):
        size, left = 0, int(self.headers["Content-Length"])
        while left:
            chunk = self.rfile.read(min(left, MEGABYTE))
            size, left = size + len(chunk), left - len(chunk)
        told = str(size).encode()
        self.answer(len(told), [told])

    def answer(self, length, chunks):
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(chunk)

    def log_message(self, *_): ...


@pytest.fixture(scope="module")
def upstream():
    with ThreadingHTTPServer(("127.0.0.1", 0), Orders) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=SERVERS)
def gateway(request, gateway_environment):
    with gateway_process(gateway_environment, request.param) as running:
        yield running


def test_what_no_stream_claims_goes_to_the_upstream_under_the_same_key(gateway, upstream):
    shop = open_shop(document(upstream=upstream))
    headers = {"Authorization": shop.key(shop.app())}

    def asked():
        return gateway.request("GET", "/shop/a%2Fb?c=1", headers=headers)

    wait_until(lambda: asked().status_code == 200)
    assert asked().text == "/v1/a%2Fb?c=1 None 127.0.0.1"
    assert detail(gateway.request("GET", "/shop/a")) == (401, "key_missing")
    large = gateway.request("GET", "/shop/large", headers=headers)
    assert len(large.content) == 64 * MEGABYTE
    sent = gateway.request("POST", "/shop/x", data=bytes(8 * MEGABYTE), headers=headers)
    assert sent.text == str(8 * MEGABYTE)
    with pytest.raises(requests.RequestException):
        _ = gateway.request("GET", "/shop/broken", headers=headers).content
    assert detail(gateway.request("GET", "/shop/%2e%2e/x", headers=headers)) == (400, "request_refused")


def test_without_an_upstream_there_is_nothing(gateway):
    shop = open_shop(document())
    headers = {"Authorization": shop.key(shop.app())}
    wait_until(lambda: gateway.request("POST", "/shop/chat", data=b"{}", headers=headers).status_code == 200)
    assert detail(gateway.request("GET", "/shop/elsewhere", headers=headers)) == (404, "not_found")
