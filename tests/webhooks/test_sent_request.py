"""The bytes of a try, as a developer sees them afterwards."""

import pytest

from tests.changes import actor_in
from tests.factories import ENDPOINT_SECRET, AppFactory, AttemptFactory, DeliveryFactory
from webhooks.endpoints import create_endpoint
from webhooks.models import Payload
from webhooks.sent_request import head_of, sent_request, signed_bytes
from webhooks.signing import HmacKey, secret_key, sign, verify

pytestmark = pytest.mark.django_db
BODY = b'{"id":7,\n"name":"J\xc3\xb6rg"}\n'


def test_a_request_is_put_together_again_so_that_its_signature_can_be_recomputed():
    app = AppFactory()
    made = create_endpoint(
        actor_in(app.organization),
        app,
        url="https://receiver.example.com/hook?a=b",
        secret=ENDPOINT_SECRET,
        headers={"X-Password": "open sesame"},
    )
    delivery = DeliveryFactory(
        endpoint=made.endpoint, payload__body=BODY, payload__headers=b"X-Kind: order\r\n"
    )
    key = HmacKey(secret_key(ENDPOINT_SECRET))
    message_id = f"msg_{delivery.message_id.hex}"
    signature = sign([key], message_id.encode(), b"1700000000", BODY).decode()
    attempt = AttemptFactory(delivery=delivery, signature=signature, signed_at=1_700_000_000)
    request = sent_request(delivery, attempt, Payload.objects.get())
    lines = head_of(request).split("\n")
    assert lines[0] == "POST /hook?a=b HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert headers["Host"] == "receiver.example.com"
    assert headers["Content-Length"] == str(len(BODY))
    assert headers["X-Kind"] == "order"
    assert "sesame" not in headers["X-Password"]
    assert verify([key], headers, request.body, 1_700_000_000) == message_id
    assert signed_bytes(request) == f"{message_id}.1700000000.".encode() + BODY
