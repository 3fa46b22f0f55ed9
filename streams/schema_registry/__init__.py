"""Schemas by their number in a schema registry, and messages that begin with that number."""
