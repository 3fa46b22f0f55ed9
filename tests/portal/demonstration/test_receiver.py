import threading
from datetime import UTC, datetime

import pytest
import requests
from standardwebhooks import Webhook

from portal.demonstration.receiver import LONGEST_BODY, Receiver
from webhooks.signing import generate_secret

SECRET = generate_secret()


@pytest.fixture
def told():
    return []


@pytest.fixture
def url(told):
    with Receiver(("127.0.0.1", 0), SECRET, told.append) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{receiver.server_port}/"
        receiver.shutdown()
        thread.join()


def post(url: str, body: str, secret: str = SECRET) -> int:
    now = datetime.now(tz=UTC)
    signature = Webhook(secret).sign("msg_1", now, body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return requests.post(url, data=body, headers=headers, timeout=30).status_code


def test_a_signed_message_is_accepted_and_told(url, told):
    assert post(url, '{"type": "order.created"}') == 204
    assert told == ['verified msg_1 {"type": "order.created"}']


def test_a_message_signed_with_another_secret_is_refused(url, told):
    assert post(url, "{}", secret=generate_secret()) == 401
    assert len(told) == 1
    assert told[0].startswith("refused: ")


def test_a_body_cannot_act_on_the_terminal(url, told):
    assert post(url, "\x1b[2Jgone") == 204
    assert told == ["verified msg_1 ·[2Jgone"]


def test_a_body_that_is_too_large_is_not_read(url):
    answer = requests.post(url, headers={"content-length": str(LONGEST_BODY + 1)}, timeout=30)
    assert answer.status_code == 413
