"""Check the components of a configuration: which they are, whether they may be used, and what is in them."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from typing import Any, Final

from streams.config import Finding, Node, Text
from streams.lint.bento_names import BENTO_COMPONENTS, REFUSED
from streams.lint.documented_forms import rate_limit_of
from streams.lint.values import check_fields, check_value, unknown_key
from streams.registry import Registry
from streams.spec import Component, ComponentSpec, Kind, Problem, Rules, Severity, Shape

_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9_]*")
BESIDE: Final = {
    Kind.INPUT: frozenset({"label", "processors"}),
    Kind.PROCESSOR: frozenset({"label"}),
    Kind.OUTPUT: frozenset({"label", "processors"}),
    Kind.CACHE: frozenset({"label"}),
    Kind.RATE_LIMIT: frozenset({"label"}),
    Kind.BUFFER: frozenset(),
    Kind.SCANNER: frozenset(),
}


class ComponentChecker:
    """Checks components of one stream. `findings` grows with what is wrong."""

    def __init__(self, source: Text, registry: Registry, rules: Rules, root: str) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self.limits = registry.limits
        self._registry = registry
        self._rules = rules
        self._root = root
        self._labels: dict[str, Node] = {}
        self._resources: dict[tuple[Kind, str], Component | None] = {}

    def component(self, kind: Kind, node: Node) -> Component | None:
        """Check a component. Returns None when it cannot be built; a finding then says why."""
        if not isinstance(node.value, dict):
            self._found(
                node, "wrong_type", f"an object with one {kind.value} is expected here, not {node.type_name}"
            )
            return None
        beside = BESIDE[kind]
        named = self._only_name(kind, node, [key for key in node.value if key not in beside])
        label = self._label(node.get("label"))
        processors = self.components(Kind.PROCESSOR, node.get("processors")) if "processors" in beside else ()
        spec = self._spec(kind, named, node.value[named]) if named else None
        if named is None or spec is None:
            return None
        config = self._body(spec, node.value[named])
        pointer = node.pointer.removeprefix(self._root)
        return None if config is None else Component(spec, config, pointer, label, processors)

    def components(self, kind: Kind, node: Node | None) -> tuple[Component, ...]:
        """Check a list of components."""
        if node is None or node.value is None:
            return ()
        if not isinstance(node.value, list):
            self._found(node, "wrong_type", f"a list of components is expected here, not {node.type_name}")
            return ()
        found = [self.component(kind, item) for item in node.value]
        return tuple(component for component in found if component is not None)

    def resources(self, kind: Kind, node: Node | None) -> None:
        """Check a list of resources; components that are checked later may name them."""
        if node is None or not isinstance(node.value, list):
            self.components(kind, node)
            return
        for item in node.value:
            label = item.get("label") if isinstance(item.value, dict) else None
            if label is None or not label.value:
                self._found(item, "missing_field", f"a {kind.value} has no label", "add `label: name`")
            else:
                checked = self.component(kind, item)
                self._resources[kind, str(label.value)] = checked

    def resource(self, kind: Kind, node: Node) -> Component | None:
        """Return the resource that a field names. None: there is none, or it cannot be built; a finding says so."""
        if not isinstance(node.value, str):
            self._found(node, "wrong_type", f"the label of a {kind.value} is a string, not {node.type_name}")
        elif (kind, node.value) in self._resources:
            return self._resources[kind, node.value]
        elif kind is Kind.RATE_LIMIT and (interval := rate_limit_of(self.source, node)) is not None:
            limit, warning = interval
            self.findings.append(warning)
            component = self.component(kind, limit)
            return None if component is None else replace(component, label=node.value)
        else:
            known = sorted(label for of, label in self._resources if of is kind)
            remedy = f"known: {', '.join(known)}" if known else f"define it in `{kind.value}_resources`"
            self._found(node, "resource_unknown", f"the stream has no {kind.value} {node.value!r}", remedy)
        return None

    def _only_name(self, kind: Kind, node: Node, names: list[str]) -> str | None:
        known = [name for name in names if self._registry.find(kind, name) or name in BENTO_COMPONENTS[kind]]
        if len(names) == 1:
            return names[0]
        if not names:
            known = self._registry.names(kind)
            self._found(
                node, "component_missing", f"no {kind.value} is named here", f"name one of {', '.join(known)}"
            )
            return None
        if len(known) != 1:
            self._found(
                node, "component_ambiguous", f"one {kind.value} is expected here, not {' and '.join(names)}"
            )
            return None
        for name in names:
            if name != known[0]:
                unknown_key(self, name, node.value[name], [*BESIDE[kind]])
        return known[0]

    def _spec(self, kind: Kind, name: str, node: Node) -> ComponentSpec | None:
        spec = self._registry.find(kind, name)
        if spec is None:
            self._unknown(kind, name, node)
        elif not self._registry.allows(spec):
            self.findings.append(
                self.source.finding_at_key(
                    node,
                    "component_refused",
                    f"the operator of this installation does not allow the {kind.value} {name!r}",
                    "SLUICE_STREAMING_COMPONENTS lists the components that are allowed",
                )
            )
        else:
            return spec
        return None

    def _unknown(self, kind: Kind, name: str, node: Node) -> None:
        if (kind, name) in REFUSED:
            code, message = (
                "component_refused",
                f"the {kind.value} {name!r} is refused: {REFUSED[kind, name]}",
            )
            remedy = f"available: {', '.join(self._registry.names(kind))}"
        elif name in BENTO_COMPONENTS[kind]:
            code, message = (
                "component_not_built",
                f"the {kind.value} {name!r} is not available in this version of Sluice",
            )
            remedy = f"available: {', '.join(self._registry.names(kind))}"
        else:
            code, message = "component_unknown", f"there is no {kind.value} {name!r}"
            near = difflib.get_close_matches(name, self._registry.names(kind), 1)
            remedy = (
                f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self._registry.names(kind))}"
            )
        self.findings.append(self.source.finding_at_key(node, code, message, remedy))

    def _label(self, node: Node | None) -> str:
        if node is None or node.value is None or node.value == "":
            return ""
        if not isinstance(node.value, str) or not _LABEL.fullmatch(node.value):
            self._found(
                node, "label_malformed", "a label is made of a-z, 0-9 and _, and does not begin with _"
            )
            return ""
        other = self._labels.setdefault(node.value, node)
        if other is not node:
            line = self.source.position(other.offset).line
            self._found(
                node, "label_duplicate", f"line {line} has the label {node.value!r} too", "rename one"
            )
        return node.value

    def _body(self, spec: ComponentSpec, node: Node) -> dict[str, Any] | None:
        before = len(self.findings)
        if spec.value_form:
            config = {spec.fields[0].name: check_value(self, spec.fields[0], self._unwrapped(spec, node))}
        else:
            config = check_fields(self, spec.fields, node, spec.name)
        if any(finding.severity is Severity.ERROR for finding in self.findings[before:]):
            return None
        for problem in spec.check(config, self._rules) if spec.check else ():
            self.findings.append(self._positioned(spec, node, problem))
        return config

    def _unwrapped(self, spec: ComponentSpec, node: Node) -> Node:
        """The list of a body that puts it under a key, as some documentation does and Bento refuses."""
        field = spec.fields[0]
        if field.shape is not Shape.LIST or not isinstance(node.value, dict) or [*node.value] != [field.name]:
            return node
        child: Node = node.value[field.name]
        message = (
            f"{spec.name!r} takes the list itself; {field.name!r} around it is understood here, not by Bento"
        )
        finding = self.source.finding_at_key(child, "wrapped_list", message, f"take {field.name!r} out")
        self.findings.append(replace(finding, severity=Severity.WARNING))
        return child

    def _positioned(self, spec: ComponentSpec, node: Node, problem: Problem) -> Finding:
        """The finding at the value the problem is about, or at the nearest one that is written down."""
        at = node
        for key in problem.path[1:] if spec.value_form else problem.path:
            child = at.value.get(key) if isinstance(at.value, dict) else None
            if isinstance(at.value, list) and isinstance(key, int) and key < len(at.value):
                child = at.value[key]
            if child is None:
                break
            at = child
        place = self.source.position(at.offset)
        return Finding(
            at.pointer,
            place.line,
            place.column,
            problem.severity,
            problem.code,
            problem.message,
            problem.remedy,
        )

    def _found(self, node: Node, code: str, message: str, remedy: str = "") -> None:
        self.findings.append(self.source.finding(node, code, message, remedy))
