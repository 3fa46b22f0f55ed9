"""Which components there are: a value, so that an operator's allow-list is another value and not a switch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from streams.limits import DEFAULT_LIMITS, StreamLimits
from streams.spec import ComponentSpec, Kind

_Key = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Registry:
    """Components by kind and name."""

    _specs: Mapping[_Key, ComponentSpec] = field(default_factory=lambda: MappingProxyType({}))
    """Under every name of each, aliases included."""
    _allowed: frozenset[str] | None = None
    """The names the operator allows; None: all."""
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The variables of the environment that the operator lets definitions use, with their values."""
    limits: StreamLimits = DEFAULT_LIMITS
    """What one stream may ask for and hold."""

    def with_component(self, *specs: ComponentSpec) -> Registry:
        """Return a registry that has these too. Raises ValueError for a name that is taken."""
        known = dict(self._specs)
        for spec in specs:
            for name in (spec.name, *spec.aliases):
                if known.setdefault((spec.kind, name), spec) is not spec:
                    raise ValueError(f"there is a {spec.kind.value} {name!r} already")
        return replace(self, _specs=MappingProxyType(known))

    def only(self, names: Iterable[str] | None) -> Registry:
        """Return a registry that refuses every component not named here; None refuses none."""
        return replace(self, _allowed=None if names is None else frozenset(names))

    def with_environment(self, environment: Mapping[str, str]) -> Registry:
        """Return a registry of whose operator definitions may use these variables of the environment."""
        return replace(self, environment=MappingProxyType(dict(environment)))

    def with_limits(self, limits: StreamLimits) -> Registry:
        """Return a registry of whose operator streams have these limits."""
        return replace(self, limits=limits)

    def find(self, kind: Kind, name: str) -> ComponentSpec | None:
        """Return the component, allowed or not; None when there is none of that name."""
        return self._specs.get((kind, name))

    def allows(self, spec: ComponentSpec) -> bool:
        """Tell whether the operator's allow-list lets definitions use it, under any of its names."""
        return self._allowed is None or not self._allowed.isdisjoint((spec.name, *spec.aliases))

    def names(self, kind: Kind) -> list[str]:
        """Names of the allowed components of a kind, aliases included, sorted."""
        return sorted(name for (of, name), spec in self._specs.items() if of is kind and self.allows(spec))

    def specs(self) -> list[ComponentSpec]:
        """Every allowed component once, by kind and name."""
        unique = {(spec.kind.value, spec.name): spec for spec in self._specs.values() if self.allows(spec)}
        return [unique[key] for key in sorted(unique)]
