"""Inputs and outputs that are named where they are used."""

from __future__ import annotations

from dataclasses import replace

from streams.spec import Component, Kind


def without_reference(component: Component) -> Component:
    """What a `resource` names, with the processors beside both, so that a whole stream is judged by what it is."""
    named = component.config.get("resource")
    if component.spec.name != "resource" or not isinstance(named, Component):
        return component
    # An input's processors run after the input, an output's before the output.
    ours, theirs = component.processors, named.processors
    processors = (*theirs, *ours) if component.spec.kind is Kind.INPUT else (*ours, *theirs)
    return without_reference(replace(named, processors=processors))
