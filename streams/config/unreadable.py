"""The error of a text that is neither JSON nor YAML."""

from streams.errors import ConfigError


class UnreadableError(ConfigError):
    """The text is not well-formed; nothing of it can be used."""

    def __init__(self, message: str, offset: int, remedy: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.remedy = remedy
