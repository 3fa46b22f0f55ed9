"""Who acts."""

from dataclasses import dataclass

from gateway.models import ManagementKey, Organization, Role, Scope, User


@dataclass(frozen=True, slots=True)
class Actor:
    """A user in an organization, in person or through a management key."""

    user: User | None
    """None: Sluice itself."""
    organization: Organization
    role: Role
    management_key: ManagementKey | None = None

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the management key may touch; in person: everything the role may."""
        if self.management_key is None:
            return frozenset(Scope)
        return frozenset(Scope(scope) for scope in self.management_key.scopes)

    @property
    def is_operator(self) -> bool:
        """Whether this user runs the installation."""
        return self.user is not None and self.user.is_staff
