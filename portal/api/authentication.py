"""Who calls the management API: the bearer of a management key."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from gateway.actor import Actor
from gateway.management_keys import actor_of
from gateway.models import User


class ManagementKeyAuthentication(BaseAuthentication):
    """`Authorization: <key>`, as Tyk's Dashboard takes it, or `Authorization: Bearer <key>`."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """Return the user and, as `request.auth`, the Actor. None: no key was given."""
        header = request.headers.get("Authorization", "").strip()
        if not header:
            return None
        scheme, _, rest = header.partition(" ")
        key = rest.strip() if scheme.lower() == "bearer" else header
        actor = actor_of(key)
        if actor is None or actor.user is None:
            raise AuthenticationFailed("The management key is unknown, revoked or expired.")
        return actor.user, actor

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401 (RFC 9110 section 11.6.1)."""
        return 'Bearer realm="Sluice management API"'


class ManagementKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular's metaclass hook
    """How the OpenAPI document describes it."""

    target_class = ManagementKeyAuthentication
    name = "managementKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "http", "scheme": "bearer", "description": "A management key; also without `Bearer`."}
