"""How the management API describes itself in OpenAPI."""

from typing import Any, Final

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema

from portal.api.problems import CONTENT_TYPE
from portal.api.serializers import ProblemSerializer

_ROW: Final = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 10**18 - 1}
_NAMED: Final = {
    "definition": "^[A-Za-z0-9_-]{1,32}$",
    "endpoint": "^[A-Za-z0-9_-]{1,32}$",
    "connection": "^[A-Za-z0-9_-]{1,60}$",
    "slug": "^[A-Za-z0-9_-]{1,80}$",
    "delivery": "^dlv_[0-9]{1,18}$",
    "message": "^msg_[0-9a-f]{32}$",
}
"""Path parameters that are texts; all others are numbers of rows."""


class ManagementSchema(AutoSchema):
    """Every operation may answer with a problem; lists are pages, never bare arrays."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation with the problem as its answer by default."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            component = self.resolve_serializer(ProblemSerializer(), "response")
            operation["responses"]["default"] = {
                "description": "Why it could not be done.",
                "content": {CONTENT_TYPE: {"schema": component.ref}},
            }
        return operation

    def get_operation_id(self) -> str:
        """Return method and path, which are unique together."""
        steps = self.path.removeprefix("/api/").replace("{", "").replace("}", "").replace("-", "_")
        return f"{self.method.lower()}_{steps.replace('/', '_')}"

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "pattern": _NAMED[name]} if name in _NAMED else dict(_ROW),
            }
            for name in variables
        ]

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False


class StrictSerializerExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # its metaclass hook
    """Says that unknown fields are refused."""

    target_class = "portal.api.serializers.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """Return the object's schema, closed."""
        schema: dict[str, Any] = auto_schema._map_serializer(  # type: ignore[no-untyped-call]  # noqa: SLF001 - as its documentation shows
            self.target, direction, bypass_extensions=True
        )
        return {**schema, "additionalProperties": False}
