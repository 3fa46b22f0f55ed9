"""Publishers' Markdown as HTML: CommonMark with tables, no HTML of theirs, no image from just anywhere."""

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

import nh3
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TOP_HEADING: Final = 3
"""What `#` becomes: it stands in a card, under the page's title and the card's."""

_TAGS: Final = frozenset(
    {"a", "blockquote", "br", "code", "div", "em", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol"}
) | frozenset({"p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"})
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "div": {"tabindex", "role", "aria-label"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "pre": {"tabindex"},
}
_SCHEMES: Final = frozenset({"http", "https", "mailto"})


def render_markdown(text: str) -> SafeString:
    """Return the HTML of a text. Links get `rel="nofollow noopener"`; images of other places become links to them.

    What may stand in it is decided twice: by the parser, which takes no HTML, and by a sanitiser behind it.
    """
    clean = nh3.clean(
        _html_of(text),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        allowed_classes={"div": {"scroll"}},
        url_schemes=set(_SCHEMES),
        link_rel="nofollow noopener",
    )
    return mark_safe(clean)  # noqa: S308 - sanitised above


def is_allowed_image(source: str, origins: Iterable[str]) -> bool:
    """Tell whether pages may show an image: one of this site, by its path, or of an allowed origin."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    if not parts.scheme and not parts.netloc:
        return not source.startswith(("//", "\\", "/\\"))
    return f"{parts.scheme}://{parts.netloc}".lower() in {origin.lower().rstrip("/") for origin in origins}


def _html_of(text: str) -> str:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = list(_fitted(parser.parse(text)))
    return str(parser.renderer.render(tokens, parser.options, {}))


def _fitted(tokens: Iterable[Token]) -> Iterator[Token]:
    """Make of a text's tokens those that fit our pages."""
    for token in tokens:
        match token.type:
            case "heading_open" | "heading_close":
                token.tag = f"h{min(int(token.tag[1:]) + TOP_HEADING - 1, 6)}"
                yield token
            case "table_open":
                # What scrolls sideways must be reached by the keyboard, too.
                yield from (
                    _html('<div class="scroll" tabindex="0" role="region" aria-label="Table">'),
                    token,
                )
            case "table_close":
                yield from (token, _html("</div>"))
            case "fence" | "code_block":
                yield _html(format_html('<pre tabindex="0"><code>{}</code></pre>', token.content))
            case _:
                token.children = token.children and [_fitted_image(child) for child in token.children]
                yield token


def _fitted_image(token: Token) -> Token:
    """An image as it is shown, or a link to it; any other token as it is."""
    if token.type != "image":
        return token
    source = str(token.attrGet("src") or "")
    if is_allowed_image(source, settings.IMAGE_ORIGINS):
        return _html(format_html('<img src="{}" alt="{}">', source, token.content))
    return _html(format_html('<a href="{}">{}</a>', source, token.content or source))


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)
