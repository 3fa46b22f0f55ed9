"""`email`: a mail for each message, as many as people can bear."""

import pytest

from streams.errors import BatchError, OutputError, RejectedMessageError
from streams.mailer import Mailer
from streams.processed import build_output
from streams.spec import BuildContext
from streams.statistics import Statistics
from tests.streams.making import IDENTITY, message, stream


class Post:
    """A mailer that keeps letters; raises what stands in `failures` first."""

    def __init__(self):
        self.letters = []
        self.failures = []

    async def send(self, stream, letter):
        if self.failures:
            raise self.failures.pop(0)
        self.letters.append(letter)


@pytest.fixture
def post():
    return Post()


def output(post, count=1, more=""):
    text = f"""rate_limit_resources: [{{label: bearable, local: {{count: {count}, interval: 1h}}}}]
input: {{generate: {{mapping: root = 1}}}}
output:
  email:
    to: [on-call@shop.example, '${{! this.who }}']
    subject: "Card ${{! this.card }}"
    rate_limit: bearable
    {more}
"""
    return build_output(stream(text).output, BuildContext(IDENTITY, {Mailer: post, Statistics: Statistics()}))


def alarm(card):
    return message(b'{"card":"%s","who":"ada@shop.example"}' % card)


async def test_a_message_is_a_mail(post):
    await output(post, more='text: "It was emptied."').write([alarm(b"1\\nBcc: x")])
    [letter] = post.letters
    assert letter.to == ("on-call@shop.example", "ada@shop.example")
    assert (letter.subject, letter.text) == ("Card 1 Bcc: x", "It was emptied.")


async def test_what_is_too_much_is_left_out_and_the_next_mail_says_so(post, monkeypatch):
    email = output(post)
    await email.write([alarm(b"1"), alarm(b"2"), alarm(b"3")])
    assert len(post.letters) == 1

    async def allowed(size):
        return 0

    monkeypatch.setattr(email._limit, "access", allowed)
    await email.write([alarm(b"4"), alarm(b"5")])
    assert "2 mails before this one were left out" in post.letters[1].text
    assert "left out" not in post.letters[2].text


async def test_a_mail_that_could_not_be_sent_is_not_left_out_for_that(post):
    email = output(post)
    post.failures = [OutputError("the mail server did not take the mail")]
    with pytest.raises(BatchError):
        await email.write([alarm(b"1")])
    await email.write([alarm(b"1")])
    assert len(post.letters) == 1


async def test_a_mail_to_a_stranger_is_refused_for_good(post):
    post.failures = [RejectedMessageError("x@y is no member of the organization")]
    with pytest.raises(BatchError) as raised:
        await output(post).write([alarm(b"1")])
    assert isinstance(raised.value.errors[0], RejectedMessageError)
