"""What can keep the embedded parts from starting."""


class EmbeddedError(Exception):
    """A part of the workplace could not be started; the message is one line: reason and remedy."""
