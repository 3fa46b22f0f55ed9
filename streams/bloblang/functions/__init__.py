"""The functions of the language, one module per topic. Importing this package registers them."""

from streams.bloblang.functions import environment, general, identifiers, message

__all__ = ["environment", "general", "identifiers", "message"]
