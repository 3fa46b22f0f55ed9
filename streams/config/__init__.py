"""The text of a configuration as a tree that remembers where everything stands."""

from streams.config.duration import parse_duration
from streams.config.environment import bind_environment
from streams.config.node import Finding, Node, Text, pointer_to, written_at
from streams.config.reader import parse

__all__ = [
    "Finding",
    "Node",
    "Text",
    "bind_environment",
    "parse",
    "parse_duration",
    "pointer_to",
    "written_at",
]
