"""The folder of the reference: the pages of components and those of the mapping language."""

from __future__ import annotations

from pathlib import Path

from streams.bloblang.registry import REGISTRY
from streams.bloblang.registry import Registry as Language
from streams.reference.language import language_pages
from streams.reference.pages import MADE, pages
from streams.registry import Registry

_MARK = MADE.partition(":")[0].encode()


def reference(registry: Registry, language: Language = REGISTRY) -> dict[str, str]:
    """The text of every page by its path in the folder of the reference."""
    components = {f"components/{path}": text for path, text in pages(registry).items()}
    return {**components, **language_pages(language)}


def is_made(path: Path) -> bool:
    """Whether a page is one that was made, and not written by somebody."""
    return path.read_bytes().startswith(_MARK)


def write_reference(registry: Registry, folder: Path) -> int:
    """Write all pages and take away made ones that are no more. Returns how many there are."""
    made = reference(registry)
    for old in folder.rglob("*.md"):
        if str(old.relative_to(folder)) not in made and is_made(old):
            old.unlink()
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return len(made)
