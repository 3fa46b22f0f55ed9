"""Ids in addresses: what does not look like one is not found, without a look into the database."""


class RowId:
    """The number of a row, within a bigint."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Return the digits."""
        return str(value)


class PublicId:
    """A public id of letters, digits, `-` and `_`."""

    regex = "[A-Za-z0-9_-]{1,32}"

    def to_python(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Return it as it is."""
        return value


class DeliveryId(RowId):
    """`dlv_` and the number of a delivery."""

    regex = "dlv_[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value.removeprefix("dlv_"))

    def to_url(self, value: int) -> str:
        """Return the id."""
        return f"dlv_{value}"


class MessageId(PublicId):
    """`msg_` and the 32 hex digits of a message."""

    regex = "msg_[0-9a-f]{32}"

    def to_python(self, value: str) -> str:
        """Return the digits."""
        return value.removeprefix("msg_")

    def to_url(self, value: str) -> str:
        """Return the id."""
        return f"msg_{value}"
