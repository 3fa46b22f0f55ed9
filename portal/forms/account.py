"""Forms of signing up and in, of passwords and of the profile: allauth's, in this project's words."""

from typing import Any, Final

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.http import HttpRequest

from gateway.invitations import accept_invitation
from gateway.models import Invitation, User
from gateway.organizations import create_organization
from portal.forms.domain_form import DomainForm

HELP: Final = "At least eight characters, and none of the passwords that everybody tries first."


class _PlainFields(forms.Form):
    """Labels stand above fields: what would stand in them as well says nothing more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        for name in ("password1", "password2"):
            if name in self.fields:
                self.fields[name].label = "Password" if name == "password1" else "The same password again"
        if "password1" in self.fields:
            self.fields["password1"].help_text = HELP


class SignInForm(_PlainFields, allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no annotations
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class SignUpForm(_PlainFields, allauth_forms.SignupForm):  # type: ignore[misc]  # allauth has no annotations
    """Who one is. Who was invited brings the address and joins; anybody else names an organization."""

    name = forms.CharField(label="Your name", max_length=120)
    organization = forms.CharField(
        max_length=120, help_text="What your apps and products will belong to; you can invite others to it."
    )
    field_order = ("name", "email", "organization", "password1")

    def __init__(
        self, *args: Any, invitation: Invitation | None = None, token: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._token = token
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["organization"].widget.attrs["autocomplete"] = "organization"
        if invitation is not None:
            del self.fields["organization"]
            self.fields["email"].initial = invitation.email
            self.fields["email"].disabled = True

    def signup(self, request: HttpRequest, user: User) -> None:
        """Finish what signing up does; allauth's hook, called in its transaction. Raises InputError, RefusedError."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=("name",))
        if not self._token:
            create_organization(user, self.cleaned_data["organization"])
            return
        accept_invitation(user, self._token)
        # The token came by mail to this address, which proves that it is theirs.
        get_adapter().stash_verified_email(request, user.email)


class PasswordResetForm(_PlainFields, allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # as above
    """Whose password."""


class NewPasswordForm(_PlainFields, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # as above
    """A new one, for who followed the link in the mail."""


class PasswordChangeForm(_PlainFields, allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # as above
    """A new one, for who knows the present one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Present password"
        self.fields["password1"].label = "New password"


class ProfileForm(DomainForm):
    """What others read of one."""

    name = forms.CharField(label="Your name", max_length=120)
