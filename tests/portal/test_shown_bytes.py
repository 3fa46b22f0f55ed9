"""Bytes on a page: whatever they are, they can be shown, and are never too many."""

from hypothesis import given
from hypothesis import strategies as st

from portal.shown_bytes import MOST_SHOWN, shown_bytes, text_of


def test_json_is_indented_and_other_text_is_left_as_it_is():
    assert shown_bytes(b'{"a":1}').text == '{\n  "a": 1\n}'
    assert shown_bytes(b"a=1\r\n").text == "a=1\r\n"
    assert (shown_bytes(b"").kind, shown_bytes(b"{").kind) == ("Empty", "Text")


def test_what_is_no_text_is_shown_in_hexadecimal():
    shown = shown_bytes(b"\x00\xff" * 9)
    assert shown.kind == "Bytes"
    assert shown.text.splitlines()[1] == "00 ff"


def test_a_long_text_is_cut_between_characters():
    content = ("é" * MOST_SHOWN).encode()
    shown = shown_bytes(content[: MOST_SHOWN + 1], len(content))
    assert (shown.kind, shown.is_cut, shown.size) == ("Text", True, 2 * MOST_SHOWN)
    assert set(shown.text) == {"é"}


@given(st.binary(max_size=200))
def test_what_a_form_can_hold_comes_back_as_the_same_bytes(content):
    text = text_of(content)
    assert text is None or text.encode() == content
    assert shown_bytes(content).size == len(content)
