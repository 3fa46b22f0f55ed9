"""Everything that is wrong with a configuration, with its place and the remedy."""

from streams.lint.stream import CheckedStream, check_stream, descendants

__all__ = ["CheckedStream", "check_stream", "descendants"]
