"""What publishers may write, and what comes of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.markdown import is_allowed_image, render_markdown


def test_text_becomes_what_it_means_below_the_headings_of_the_page():
    html = render_markdown("# Orders\n\nEvery *order*.\n\n| a |\n|---|\n| 1 |\n\n```\nx < 1\n```")
    assert "<h3>Orders</h3>" in html
    assert "<em>order</em>" in html
    assert "<td>1</td>" in html
    assert "x &lt; 1" in html
    assert len(re.findall('tabindex="0"', html)) == 2


def test_links_lend_no_rank_and_hand_over_no_window():
    html = render_markdown("[docs](https://docs.example/) and <mailto:a@b.example>")
    assert html.count('rel="nofollow noopener"') == 2


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "<div onclick='x'>y</div>",
        "```x onload=y\n</code></pre><script>z</script>\n```",
        '![" onerror="x](/y)',
    ],
)
def test_nothing_of_it_runs(text):
    html = render_markdown(text)
    # What looks like it is there as text, without a tag around it.
    assert not re.search(r"<(?!/?(p|a|img|pre|code)\b)", html)
    without_values = re.sub(r'="[^"]*"', "=", html)
    assert not re.search(r"<[^>]*\s(on\w+|style)=", without_values)
    assert not re.search(r"<[^>]*=\"?\s*(javascript|data):", html)


@given(st.text(max_size=60) | st.lists(st.sampled_from("<>[]()!`\"'#|-*_ \n:/ajx"), max_size=40).map("".join))
def test_whatever_is_written_only_known_tags_come_out(text):
    html = render_markdown(text)
    tags = set(re.findall(r"</?([a-z0-9]+)", html))
    assert tags <= {
        "a",
        "blockquote",
        "br",
        "code",
        "div",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "img",
        "li",
    } | {
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    }


def test_an_image_of_another_place_is_a_link_to_it(settings):
    text = "![A chart](https://img.example/chart.png)"
    settings.IMAGE_ORIGINS = ()
    assert "<img" not in render_markdown(text)
    assert 'href="https://img.example/chart.png"' in render_markdown(text)
    settings.IMAGE_ORIGINS = ("https://img.example",)
    assert '<img src="https://img.example/chart.png" alt="A chart">' in render_markdown(text)


@pytest.mark.parametrize(
    ("source", "is_allowed"),
    [
        ("/static/flow.svg", True),
        ("flow.svg", True),
        ("https://IMG.example/x.png", True),
        ("http://img.example/x.png", False),
        ("https://img.example.evil/x.png", False),
        ("//evil.example/x.png", False),
        ("/\\evil.example/x.png", False),
        ("https://[", False),
    ],
)
def test_images_are_of_this_site_or_of_an_allowed_one(source, is_allowed):
    assert is_allowed_image(source, ("https://img.example/",)) is is_allowed
