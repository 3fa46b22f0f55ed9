import pytest

from streams.message import Failure, Message
from streams.processors.mapping import MAPPING, MUTATION
from streams.spec import BuildContext, Component, StreamIdentity, is_per_message, is_replayable

STREAM = StreamIdentity(1, 1, "orders", "main", "sluice", 1)


def component(spec, text):
    return Component(spec, {"mapping": text}, "/pipeline/processors/0")


def built(spec, text):
    return BuildContext(STREAM, {}).build(component(spec, text))


async def test_every_message_of_a_batch_is_mapped():
    processor = built(MAPPING, "root.n = this.n + 1")
    [made] = await processor.process([Message(b'{"n":1}'), Message(b'{"n":2}')])
    assert [message.content for message in made] == [b'{"n":2}', b'{"n":3}']


async def test_deleted_messages_go_no_further():
    processor = built(MAPPING, "root = if this.n > 1 { deleted() } else { this }")
    [made] = await processor.process([Message(b'{"n":1}'), Message(b'{"n":2}')])
    assert [message.content for message in made] == [b'{"n":1}']
    assert await processor.process([Message(b'{"n":2}')]) == []


async def test_a_message_the_mapping_fails_on_keeps_its_content_and_is_flagged():
    processor = built(MAPPING, "root.a = 1\nroot.n = this.n + 1\nmeta k = 1")
    old = Message(b'{"n":"x"}', metadata={"k": 0})
    [[made]] = await processor.process([old])
    assert made.content == b'{"n":"x"}'
    assert made.metadata == {"k": 0}
    text = "failed assignment (line 2): cannot add types string (from field `this.n`) and number (from number literal)"
    assert made.error == Failure(text, "pipeline.processors.0", 2)
    assert old.error is None


async def test_a_mutation_changes_the_document_it_is_given():
    processor = built(MUTATION, "root.b = this.a\nroot.a = deleted()")
    [[made]] = await processor.process([Message(b'{"a":1,"c":2}')])
    assert made.content == b'{"b":1,"c":2}'


@pytest.mark.parametrize(
    ("text", "replayable", "per_message"),
    [
        ("root = this", True, True),
        ("root = now()", False, True),
        ("root = batch_index()", False, False),
        ("root = counter()", False, True),
    ],
)
def test_its_traits_come_from_the_functions_it_uses(text, replayable, per_message):
    for spec in (MAPPING, MUTATION):
        assert is_replayable(component(spec, text)) is replayable
        assert is_per_message(component(spec, text)) is per_message


@pytest.mark.parametrize("spec", [MAPPING, MUTATION])
def test_its_examples_compile(spec):
    for example in spec.examples:
        assert built(spec, example)
