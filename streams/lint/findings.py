"""What every check writes to."""

from __future__ import annotations

from typing import Protocol

from streams.config import Finding, Text


class Findings(Protocol):
    """A text and what was found in it so far."""

    source: Text
    findings: list[Finding]
