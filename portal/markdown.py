"""Publishers' Markdown as HTML: CommonMark with tables, no HTML of theirs, no image from just anywhere."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
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
    return _rendered(text, tuple(settings.IMAGE_ORIGINS))


@lru_cache(maxsize=128)
def _rendered(text: str, image_origins: tuple[str, ...]) -> SafeString:
    """Long texts take a tenth of a second, and are read far more often than written."""
    clean = nh3.clean(
        _html_of(text, image_origins),
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


def _html_of(text: str, image_origins: tuple[str, ...]) -> str:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = list(_fitted(parser.parse(text), image_origins))
    return str(parser.renderer.render(tokens, parser.options, {}))


def _fitted(tokens: Iterable[Token], image_origins: tuple[str, ...]) -> Iterator[Token]:
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
                token.children = token.children and [
                    _fitted_image(child, image_origins) for child in token.children
                ]
                yield token


def _fitted_image(token: Token, image_origins: tuple[str, ...]) -> Token:
    """An image as it is shown, or a link to it; any other token as it is."""
    if token.type != "image":
        return token
    source = str(token.attrGet("src") or "")
    if is_allowed_image(source, image_origins):
        return _html(format_html('<img src="{}" alt="{}">', source, token.content))
    return _html(format_html('<a href="{}">{}</a>', source, token.content or source))


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)
