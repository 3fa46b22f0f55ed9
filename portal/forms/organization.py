"""Forms of an organization: its name, who belongs to it, and the keys of its programs."""

import datetime as dt
from typing import Any, Final

from django import forms
from django.utils import timezone

from gateway.actor import Actor
from gateway.models import Role, Scope
from portal.forms.domain_form import DomainForm

ROLES: Final = {
    Role.OWNER: "Owner: everything, and who else is an owner",
    Role.ADMIN: "Admin: everything but the owners",
    Role.PUBLISHER: "Publisher: definitions, event types, products, plans, approvals",
    Role.DEVELOPER: "Developer: apps, credentials, subscriptions, webhook endpoints",
    Role.VIEWER: "Viewer: looks, changes nothing",
}
SCOPES: Final = {
    Scope.READ: "Read: all that the member may see",
    Scope.DEFINITIONS: "Definitions: definitions, quarantine",
    Scope.PRODUCTS: "Products: event types, products, plans, approvals",
    Scope.APPS: "Apps: apps, credentials, subscriptions",
    Scope.WEBHOOKS: "Webhooks: endpoints, test events, replays",
    Scope.ORGANIZATION: "Organization: members, management keys, connections",
}
NO_END: Final = "0"
LIFETIMES: Final = {"30": "30 days", "90": "90 days", "365": "One year", NO_END: "Until it is revoked"}


class OrganizationForm(DomainForm):
    """What it is called."""

    name = forms.CharField(max_length=120)


class RoleForm(DomainForm):
    """What somebody may do, among what the actor may give."""

    role = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = [role for role in Role if role is not Role.OWNER or actor.role is Role.OWNER]
        self.fields["role"] = forms.ChoiceField(
            choices=[(role.value, ROLES[role]) for role in given], widget=forms.RadioSelect
        )

    def clean_role(self) -> Role:
        """Return the role as the domain has it."""
        return Role(self.cleaned_data["role"])


class InvitationForm(RoleForm):
    """Who is asked to join, and as what."""

    email = forms.EmailField(label="Email", max_length=254)
    field_order = ("email", "role")


class ManagementKeyForm(DomainForm):
    """What a new key may do, and for how long."""

    places = {"/expires_at": "lifetime"}  # noqa: RUF012 - declared as a ClassVar by DomainForm

    name = forms.CharField(max_length=120, help_text="What uses it: you will find it by this name.")
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, text) for scope, text in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ.value],
        help_text="Your role bounds it as well.",
    )
    lifetime = forms.ChoiceField(label="It works for", choices=list(LIFETIMES.items()), initial="90")

    def clean_scopes(self) -> list[Scope]:
        """Return the scopes as the domain has them."""
        return [Scope(scope) for scope in self.cleaned_data["scopes"]]

    @property
    def expires_at(self) -> dt.datetime | None:
        """When a key made now ends; None: never."""
        days = self.cleaned_data["lifetime"]
        return None if days == NO_END else timezone.now() + dt.timedelta(days=int(days))
