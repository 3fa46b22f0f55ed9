"""Bodies that refuse what they do not know, and what errors look like."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which an unknown field is an error by name, so that a misspelt one is not passed over."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the checked values. Raises ValidationError."""
        if isinstance(data, dict):
            unknown = {
                str(name): [ErrorDetail("There is no such field.", "unknown_field")]
                for name in data
                if name not in self.fields
            }
            if unknown:
                raise serializers.ValidationError(unknown)
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class ReasonSerializer(StrictSerializer):
    """Why something is decided."""

    reason = serializers.CharField(max_length=2000, default="", allow_blank=True)


class EmptySerializer(StrictSerializer):
    """No fields."""


class FaultSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with what was given."""

    pointer = serializers.CharField(help_text="JSON pointer into the body; of a query parameter: its name.")
    line = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    message = serializers.CharField()
    remedy = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = FaultSerializer(many=True)  # type: ignore[assignment]  # the member is named as the field is
