import pytest

from streams.jsontext import Float
from streams.message import Failure, Message, NotStructuredError


def test_bytes_and_value_are_made_from_each_other():
    assert Message(b'{"b":1,"a":[2.0]}').value == {"b": 1, "a": [2.0]}
    assert Message(value={"b": 1, "a": ["é<"]}).content == '{"a":["é<"],"b":1}'.encode()


def test_a_payload_nobody_parsed_comes_out_as_it_went_in():
    text = b'{ "a" : 1.0 }\n'
    message = Message(text)
    assert message.copy().content is text


def test_a_payload_somebody_parsed_comes_out_as_it_went_in():
    message = Message(b'{"b":1.0,"a":2}')
    assert message.value
    assert message.content == b'{"b":1.0,"a":2}'


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "message is empty"), (b"{} x", "parse as json: "), (b"nope", "parse as json: ")],
)
def test_a_payload_that_is_no_json_says_so(content, reason):
    with pytest.raises(NotStructuredError, match=reason):
        _ = Message(content).value


def test_a_number_that_json_cannot_hold_becomes_null():
    assert Message(value=[float("inf"), Float("nan")]).content == b"[null,null]"


def test_a_copy_owns_its_metadata_and_error():
    old = Message(b"x", metadata={"a": 1}, ordinal=4)
    twin = old.copy()
    twin.metadata["a"] = 2
    twin.error = Failure("broken")
    assert (old.metadata, old.error, twin.ordinal) == ({"a": 1}, None, 4)


def test_the_size_of_a_payload_is_known_without_writing_it():
    assert Message(b"abc").size == 3
    assert Message(value={"a": 1}, size=100).size == 100
    assert Message(value={"a": 1}).size is None
