"""Headers as people write them, a line each."""

import pytest
from django.forms import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from portal.forms.header_lines import read_headers

NAMES = st.text("abcdefXYZ-0123", min_size=1, max_size=12)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_what_is_written_a_line_each_is_read(headers, end):
    wanted = {}
    for name, value in headers.items():
        if name.lower() not in {known.lower() for known in wanted}:
            wanted[name] = value
    assert read_headers(end.join(f"{name}: {value}" for name, value in wanted.items())) == wanted


@pytest.mark.parametrize(
    ("text", "words"), [("\nX", "Line 2 is no header"), ("A: 1\na: 2", "Line 2 gives a a second")]
)
def test_a_line_that_is_none_is_named(text, words):
    with pytest.raises(ValidationError, match=words):
        read_headers(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        headers = read_headers(text)
    except ValidationError:
        return
    assert all(name == name.strip() for name in headers)
