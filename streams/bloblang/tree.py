"""Builds nodes: binds calls to their specs, folds what is known, and keeps the tree shallow enough to compile."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from streams.bloblang.annotations import annotation
from streams.bloblang.arguments import Argument, bind
from streams.bloblang.caller_text import split_text
from streams.bloblang.cursor import SyntaxFault
from streams.bloblang.errors import RUNTIME_FAULTS, Fault, MismatchFault, TypeFault
from streams.bloblang.nodes import (
    Array,
    Binary,
    Call,
    CallerText,
    Expression,
    Field,
    Get,
    Literal,
    MapTo,
    Not,
    Object,
    Variable,
)
from streams.bloblang.operators import COMPUTED
from streams.bloblang.paths import split_path
from streams.bloblang.registry import Registry, Spec
from streams.bloblang.values import DELETED, NOTHING, Marker, type_fault_text, type_name

_MAX_DEPTH = 120
_COMPARISONS = frozenset(("<", "<=", ">", ">="))


class Builder:
    """Makes the nodes of one mapping."""

    def __init__(self, registry: Registry, permissions: Collection[str]) -> None:
        self._registry = registry
        self._permissions = permissions
        # By id, with the node itself to keep the id its own.
        self._depths: dict[int, tuple[int, Expression]] = {}

    def node(self, node: Expression, place: int, *children: Expression | None) -> Expression:
        """The node, once it is known not to be too deep. Raises SyntaxFault."""
        depth = 1 + max((self._depth(child) for child in children if child is not None), default=0)
        if depth > _MAX_DEPTH:
            raise SyntaxFault(
                place, reason=f"the expression is deeper than {_MAX_DEPTH} levels; split it with `let`"
            )
        self._depths[id(node)] = (depth, node)
        return node

    def _depth(self, node: Expression) -> int:
        return self._depths.get(id(node), (0, node))[0]

    def text(self, text: str) -> Expression:
        """A string; one with variables of the caller in it is put together for each message."""
        parts = split_text(text)
        return Literal(parts[0]) if len(parts) == 1 else CallerText(parts)

    def variable(self, name: str, place: int) -> Expression:
        """`$name`. Raises SyntaxFault for a variable of the caller, which would be code here."""
        if name in {"tyk_context", "tyk_meta"}:
            raise SyntaxFault(place, reason=f'write variables of the caller in quotes, as `"${name}.x"`')
        return Variable(name)

    def binary(self, operator: str, left: Expression, right: Expression, place: int) -> Expression:
        """An operation; of two literals, its result."""
        compute = COMPUTED.get(operator)
        if compute is None or not isinstance(left, Literal) or not isinstance(right, Literal):
            return self.node(Binary(operator, left, right), place, left, right)
        try:
            return Literal(compute(left.value, right.value), annotation(right))
        except Fault as fault:
            if operator in _COMPARISONS:
                # It may stand where it is never evaluated, as in `false && ("a" > 0)`.
                return self.node(Binary(operator, left, right), place)
            reason = words_of(fault, annotation(left), annotation(right))
            raise SyntaxFault(place, reason=reason) from fault

    def negation(self, operand: Expression, place: int) -> Expression:
        """`!operand`."""
        return self.node(Not(operand), place, operand)

    def get(self, target: Expression, segment: str, place: int) -> Expression:
        """One more step of a path."""
        return self._path(target, (segment,), place)

    def _path(self, target: Expression, path: tuple[str, ...], place: int) -> Expression:
        if isinstance(target, Field):
            return Field(target.context, target.path + path)
        if isinstance(target, Get):
            return self.node(Get(target.target, target.path + path), place, target.target)
        return self.node(Get(target, path), place, target)

    def array(self, items: Sequence[Expression], place: int) -> Expression:
        """An array; of literals only, a literal."""
        kept = [item for item in items if not (isinstance(item, Literal) and isinstance(item.value, Marker))]
        if all(isinstance(item, Literal) for item in kept):
            return Literal([item.value for item in kept if isinstance(item, Literal)])
        return self.node(Array(tuple(kept)), place, *kept)

    def object(self, members: Sequence[tuple[Expression, Expression]], place: int) -> Expression:
        """An object; of literals only, a literal. Raises Fault for a key that is no string."""
        constant: dict[str, object] | None = {}
        for key, value in members:
            if isinstance(key, Literal) and not isinstance(key.value, str):
                raise Fault(f"object keys must be strings, received: {_go_type(key.value)}")
            if not isinstance(key, Literal) or not isinstance(value, Literal):
                constant = None
            elif constant is not None and not isinstance(value.value, Marker):
                constant[key.value] = value.value
        if constant is not None:
            return Literal(constant)
        children = [node for member in members for node in member]
        return self.node(Object(tuple(members)), place, *children)

    def function(self, name: str, given: Sequence[tuple[str | None, Expression]], place: int) -> Expression:
        """A function call. Raises Fault when the name or an argument is wrong."""
        spec = self._registry.functions.get(name)
        if spec is None:
            raise Fault(f"unrecognised function '{name}'")
        arguments = self._bind(spec, given)
        if name == "deleted":
            return Literal(DELETED, "delete")
        if name == "nothing":
            return Literal(NOTHING, "nothing")
        first = arguments[0] if arguments else None
        if name == "var" and isinstance(first, Literal):
            return Variable(first.value)
        return self._folded(Call(spec, None, arguments), place)

    def method(
        self, name: str, target: Expression, given: Sequence[tuple[str | None, Expression]], place: int
    ) -> Expression:
        """A method call. Raises Fault when the name or an argument is wrong."""
        spec = self._registry.methods.get(name)
        if spec is None:
            raise Fault(f"unrecognised method '{name}'")
        arguments = self._bind(spec, given)
        first = arguments[0] if arguments else None
        if name == "map" and first is not None:
            return self.node(MapTo(target, first), place, target, first)
        if name == "not":
            return self.negation(target, place)
        if name == "get" and isinstance(first, Literal):
            return self._path(target, split_path(first.value), place)
        return self._folded(Call(spec, target, arguments), place)

    def _bind(
        self, spec: Spec, given: Sequence[tuple[str | None, Expression]]
    ) -> tuple[Expression | None, ...]:
        if spec.permission and spec.permission not in self._permissions:
            kind = "method" if spec.method else "function"
            raise Fault(
                f"{kind} '{spec.name}' is not allowed here: it needs the operator's permission '{spec.permission}'"
            )
        return bind(spec, [Argument(name, value) for name, value in given])

    def _folded(self, call: Call, place: int) -> Expression:
        node = self.node(call, place, call.target, *call.arguments)
        inputs = [node for node in (call.target, *call.arguments) if node is not None]
        if not call.spec.folds or not all(isinstance(node, Literal) for node in inputs):
            return node
        values = [None if argument is None else argument.value for argument in call.arguments]  # type: ignore[union-attr]
        target = [call.target.value] if isinstance(call.target, Literal) else []
        try:
            return Literal(call.spec.call(*target, *values), annotation(call))
        except Fault as fault:
            raise Fault(words_of(fault, "", "")) from fault
        except RUNTIME_FAULTS:
            return node

    @staticmethod
    def words(fault: Fault) -> str:
        """The text of a fault that was raised while building."""
        return words_of(fault, "", "")


def words_of(fault: Fault, left: str, right: str) -> str:
    """The text of a fault between a left (or only) and a right operand."""
    if isinstance(fault, MismatchFault):
        sides = f"{type_name(fault.left)} (from {left}) and {type_name(fault.right)} (from {right})"
        return f"cannot {fault.operation} types {sides}"
    if isinstance(fault, TypeFault):
        return type_fault_text(TypeFault(fault.value, fault.expected, fault.origin or left))
    named = right or left
    return f"{named}: {fault.text}" if named else fault.text


def _go_type(value: object) -> str:
    names = {
        int: "int64",
        bool: "bool",
        list: "[]interface {}",
        dict: "map[string]interface {}",
        type(None): "<nil>",
    }
    return names.get(type(value), "float64")
