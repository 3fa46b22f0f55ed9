"""Outputs that choose, pass on and reject: every message is answered for itself."""

from __future__ import annotations

from streams.errors import BatchError, OutputError
from tests.streams.making import ListOutput, findings
from tests.streams.outputs.writing import made, texts, written

MESSAGES = [made("1"), made("2"), made("3")]


async def test_reject_gives_each_message_back_with_its_own_reason() -> None:
    errors = await written('{reject: "no ${! content() }"}', MESSAGES)
    assert errors == {0: "no 1", 1: "no 2", 2: "no 3"}


async def test_reject_errored_writes_only_messages_without_a_failure() -> None:
    kept = ListOutput()
    messages = [made("1"), made("2", "broken"), made("3")]
    errors = await written("{reject_errored: {kept0: {}}}", messages, kept)
    assert errors == {1: "rejecting due to failed processing: broken"}
    assert texts(kept) == ["1", "3"]


async def test_reject_errored_names_the_place_of_what_its_output_did_not_take() -> None:
    kept = ListOutput()
    kept.failures = [BatchError({1: OutputError("full")})]
    errors = await written("{reject_errored: {kept0: {}}}", [made("1", "broken"), made("2"), made("3")], kept)
    assert errors[2] == "full"
    assert set(errors) == {0, 2}


async def test_fallback_offers_only_what_failed_to_the_next_output_and_says_why() -> None:
    first, second = ListOutput(), ListOutput()
    first.failures = [BatchError({1: OutputError("full")})]
    assert await written("{fallback: [{kept0: {}}, {kept1: {}}]}", MESSAGES, first, second) == {}
    assert texts(second) == ["2"]
    assert second.taken[0].metadata["fallback_error"] == "full"
    assert "fallback_error" not in MESSAGES[1].metadata


async def test_fallback_rejects_what_its_last_output_does_not_take() -> None:
    first, second = ListOutput(), ListOutput()
    first.failures = [BatchError({0: OutputError("a"), 2: OutputError("a")})]
    second.failures = [BatchError({1: OutputError("b")})]
    assert await written("{fallback: [{kept0: {}}, {kept1: {}}]}", MESSAGES, first, second) == {2: "b"}


async def test_switch_writes_each_message_to_its_first_case() -> None:
    first, second = ListOutput(), ListOutput()
    cases = "[{check: this > 2, output: {kept0: {}}}, {output: {kept1: {}}}]"
    assert await written(f"{{switch: {{cases: {cases}}}}}", MESSAGES, first, second) == {}
    assert (texts(first), texts(second)) == (["3"], ["1", "2"])


async def test_switch_goes_on_to_the_next_cases_when_told_to() -> None:
    first, second = ListOutput(), ListOutput()
    cases = "[{check: this > 1, continue: true, output: {kept0: {}}}, {output: {kept1: {}}}]"
    await written(f"{{switch: {{cases: {cases}}}}}", MESSAGES, first, second)
    assert (texts(first), texts(second)) == (["2", "3"], ["1", "2", "3"])


async def test_switch_drops_what_no_case_takes_and_rejects_it_in_strict_mode() -> None:
    cases = "cases: [{check: this > 2, output: {kept0: {}}}]"
    assert await written(f"{{switch: {{{cases}}}}}", MESSAGES, ListOutput()) == {}
    strict = await written(f"{{switch: {{strict_mode: true, {cases}}}}}", MESSAGES, ListOutput())
    assert strict == dict.fromkeys((0, 1), "no switch output conditions were met by message")


async def test_a_check_that_fails_counts_as_false() -> None:
    kept = ListOutput()
    cases = "[{check: this.a > 2, output: {reject: no}}, {output: {kept0: {}}}]"
    assert await written(f"{{switch: {{cases: {cases}}}}}", [made("no json")], kept) == {}
    assert texts(kept) == ["no json"]


async def test_switch_names_the_place_in_the_whole_batch_of_what_was_not_taken() -> None:
    kept = ListOutput()
    kept.failures = [BatchError({1: OutputError("full")})]
    cases = "[{check: this > 1, output: {kept0: {}}}, {output: {drop: {}}}]"
    assert await written(f"{{switch: {{cases: {cases}}}}}", MESSAGES, kept) == {2: "full"}


async def test_retry_until_success_writes_again_what_was_not_taken() -> None:
    kept = ListOutput()
    kept.failures = [BatchError({1: OutputError("full")})]
    cases = "cases: [{output: {kept0: {}}}]"
    assert await written(f"{{switch: {{retry_until_success: true, {cases}}}}}", MESSAGES, kept) == {}
    assert texts(kept) == ["2"]


def test_a_rejecting_case_is_refused_where_it_would_be_tried_for_ever() -> None:
    cases = "cases: [{output: {reject: no}}]"
    text = f"input: {{generate: {{mapping: root = 1}}}}\noutput: {{switch: {{retry_until_success: true, {cases}}}}}\n"
    assert [found.code for found in findings(text)] == ["endless_retry"]
