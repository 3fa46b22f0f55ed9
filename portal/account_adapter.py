"""What Sluice decides of allauth's ways: whose address counts as verified, what its mails say, where they lead."""

from pathlib import PurePosixPath
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from gateway.models import User
from portal.mail import letters


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no annotations to check by
    """allauth's account adapter of this project."""

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Take the address of who never signed up as verified: an operator made that account.

        Signing up writes an address in the same transaction as the user, so that only accounts of
        `createsuperuser`, of Django admin and of earlier versions have none.
        """
        if not EmailAddress.objects.filter(user=user).exists():
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send templates/mail/<name>.txt, as every mail of ours is. Raises MailNotSentError."""
        try:
            letters.send(PurePosixPath(template_prefix).name, email, context)
        except letters.MailNotSentError:
            # The mail did not go out, so whoever tries again must not have to wait for it.
            ratelimit.clear(self.request, action="confirm_email", key=email.lower())
            raise

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:  # noqa: ARG002 - allauth's signature
        """The address in the mail, of the portal as it is known and not as a request says it is."""
        return _portal(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The address in the mail; `key` is `<uid>-<token>`."""
        uid, _, token = key.partition("-")
        return _portal(reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token}))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002 - allauth's signature
        """Back to the profile."""
        return reverse("profile")


def _portal(path: str) -> str:
    return f"{settings.PORTAL_URL}{path}"
