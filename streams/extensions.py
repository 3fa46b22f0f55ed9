"""Extensions: installed Python packages that add components, functions and methods, once the operator lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from streams.bloblang.registry import REGISTRY, Spec
from streams.bloblang.registry import Registry as Language
from streams.errors import SluiceError
from streams.registry import Registry
from streams.spec import ComponentSpec

ENTRY_POINTS: Final = "sluice.components"
"""The group of entry points, each of which names an Extension."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class ExtensionError(SluiceError):
    """An extension that the operator lists cannot be used; nothing of it is in force."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What a package adds."""

    components: tuple[ComponentSpec, ...] = ()
    """Inputs, processors, outputs and whatever else a configuration may name."""
    bloblang: tuple[Spec, ...] = ()
    """Functions and methods of the mapping language."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An extension, and how people find it."""

    place: str
    """The package and its entry point."""
    extension: Extension

    def refused(self, reason: str) -> ExtensionError:
        """Why it cannot be used, with its place."""
        return ExtensionError(f"{self.place}: {reason}")


def with_extensions(registry: Registry, packages: Iterable[str], language: Language = REGISTRY) -> Registry:
    """Return a registry that has what these packages add too; the language gets their functions and methods.

    packages: names of distributions, as `pip install` takes them. Asked again for the same, it changes nothing.
    Raises ExtensionError for a package that is missing or broken, or that takes a name that is taken; then nothing is
    added anywhere.
    """
    found = [one for package in packages for one in _find(package)]
    for one in found:
        registry = _with_components(registry, one)
    added = _new_words(language, found)
    for word in added:
        language.add(word)
    return registry


def _find(package: str) -> Iterator[_Found]:
    """The extensions of an installed package. Raises ExtensionError."""
    try:
        points = metadata.distribution(package).entry_points.select(group=ENTRY_POINTS)
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise ExtensionError(
            f"the extension {package!r} is not installed in this process's environment: "
            "install it, or take it off SLUICE_EXTENSIONS"
        ) from error
    if not points:
        raise ExtensionError(
            f"the package {package!r} is no extension: it has no entry point in the group {ENTRY_POINTS!r}; "
            "take it off SLUICE_EXTENSIONS"
        )
    for point in points:
        yield _load(package, point)


def _load(package: str, point: metadata.EntryPoint) -> _Found:
    place = f"the extension {package!r} (entry point `{point.name} = {point.value}`)"
    try:
        extension = point.load()
    except Exception as error:
        # Whatever a stranger's module raises while it is imported, its operator is to know where.
        raise ExtensionError(
            f"{place} cannot be loaded: {type(error).__name__}: {error}; "
            "mend or update it, or take it off SLUICE_EXTENSIONS"
        ) from error
    if not isinstance(extension, Extension):
        raise ExtensionError(
            f"{place} gives a {type(extension).__name__}: it must name a streams.extensions.Extension"
        )
    return _Found(place, extension)


def _with_components(registry: Registry, found: _Found) -> Registry:
    given: Iterable[object] = found.extension.components
    for spec in given:
        if not isinstance(spec, ComponentSpec):
            raise found.refused(f"a component is a streams.spec.ComponentSpec, not a {type(spec).__name__}")
        for name in (spec.name, *spec.aliases):
            _check_name(found, name)
        try:
            registry = registry.with_component(spec)
        except ValueError as error:
            raise found.refused(f"{error}; give its own another name") from error
    return registry


def _new_words(language: Language, found: Iterable[_Found]) -> list[Spec]:
    """Functions and methods that the language does not have. Raises ExtensionError for a name that is taken."""
    taken = {(spec.method, spec.name): spec for spec in language}
    new: list[Spec] = []
    for one in found:
        given: Iterable[object] = one.extension.bloblang
        for spec in given:
            if not isinstance(spec, Spec):
                raise one.refused(
                    f"a function is a streams.bloblang.registry.Spec, not a {type(spec).__name__}"
                )
            _check_name(one, spec.name)
            if (known := taken.setdefault((spec.method, spec.name), spec)) is not spec:
                what = "method" if known.method else "function"
                raise one.refused(f"Bloblang has a {what} {spec.name!r} already; give its own another name")
            if not _has(language, spec) and spec not in new:
                new.append(spec)
    return new


def _has(language: Language, spec: Spec) -> bool:
    return (language.methods if spec.method else language.functions).get(spec.name) is spec


def _check_name(found: _Found, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise found.refused(f"the name {name!r} is not made of a-z, 0-9 and _, beginning with a letter")
