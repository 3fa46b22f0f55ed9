"""What names mean at a place in a mapping."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at a place in the mapping."""

    this: str | None
    """The Python name of `this`; None where a lambda dropped the last context."""
    outer: Scope | None = None
    """The scope whose `this` a lambda restores."""
    names: dict[str, str] = field(default_factory=dict)
    """Python names of named contexts."""
    document: bool = False
    """Whether `this` may stand for a payload that is no JSON."""
    loop: bool = False
    """Whether the code may run more than once."""

    def entered(self, this: str, *, loop: bool) -> Scope:
        """The scope inside a query that gets a new `this`."""
        return Scope(this, self, self.names, loop=self.loop or loop)

    def named(self, name: str) -> Scope:
        """The scope inside `name -> ...`."""
        names = self.names if name == "_" or self.this is None else {**self.names, name: self.this}
        outer = self.outer
        if outer is None:
            return Scope(None, None, names, loop=self.loop)
        return Scope(outer.this, outer.outer, names, document=outer.document, loop=self.loop)
