"""Signing up and in, passwords: allauth's views with this project's pages, statuses and failures."""

from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth_views
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.generic import FormView, TemplateView

from gateway.errors import InputError, RefusedError
from gateway.invitations import check_acceptable, invitation_of
from gateway.models import Invitation, User
from portal.forms.domain_form import CONFLICT, failed_call_text, fault_text
from portal.mail.letters import MailNotSentError


class AccountForm(FormView):  # type: ignore[type-arg]  # it takes none when it runs
    """A form that changes everything or nothing: 422 where it has errors, 503 where its mail cannot be sent."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do what the form asks."""
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except MailNotSentError as error:
            return self._refuse(str(error), HTTPStatus.SERVICE_UNAVAILABLE)
        except (InputError, RefusedError) as error:
            return self._refuse(failed_call_text(error))
        except IntegrityError:
            return self._refuse(fault_text(CONFLICT, named=False))

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show it again."""
        context = self.get_context_data(form=form)
        return self.render_to_response(context, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def _refuse(self, text: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> HttpResponse:
        form = self.get_form()
        form.add_error(None, text)
        return self.render_to_response(self.get_context_data(form=form), status=status)


class SentMail(TemplateView):
    """A page that says that a mail was sent."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lead to /dev/mail where mails are kept."""
        return {**super().get_context_data(**kwargs), "mail_is_kept": bool(settings.MAIL_FOLDER)}


class SignInView(AccountForm, allauth_views.LoginView):  # type: ignore[misc]  # allauth has no annotations
    """`/sign-in`."""

    template_name = "account/sign_in.html"


class SignUpView(AccountForm, allauth_views.SignupView):  # type: ignore[misc]  # allauth has no annotations
    """`/sign-up`, or `/sign-up?invitation=<token>` for who was invited."""

    template_name = "account/sign_up.html"
    invitation: Invitation | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send an invitation that makes no account now to its page, which says why. Raises Http404 for none."""
        token = request.GET.get("invitation", "")
        if token:
            try:
                self.invitation = _for_new_user(token)
            except Invitation.DoesNotExist:
                raise Http404 from None
            except RefusedError:
                return redirect("invitation", token=token)
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def get_form_kwargs(self) -> dict[str, Any]:
        """Bring the invitation along."""
        token = self.request.GET.get("invitation", "")
        return {**super().get_form_kwargs(), "invitation": self.invitation, "token": token}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say who invites."""
        return {**super().get_context_data(**kwargs), "invitation": self.invitation}


class SignOutView(allauth_views.LogoutView):  # type: ignore[misc]  # allauth has no annotations
    """`/sign-out`: who comes by a link is asked first."""

    template_name = "account/sign_out.html"


class DisabledView(allauth_views.AccountInactiveView):  # type: ignore[misc]  # allauth has no annotations
    """`/account-disabled`: for who has the password of an account that an operator switched off."""

    template_name = "account/disabled.html"


class AddressSentView(SentMail, allauth_views.EmailVerificationSentView):  # type: ignore[misc]  # as above
    """`/confirm-address`: a mail was sent; the same page whether the address had an account or not."""

    template_name = "account/address_sent.html"


class ConfirmAddressView(allauth_views.ConfirmEmailView):  # type: ignore[misc]  # allauth has no annotations
    """`/confirm-address/<key>`: the link in the mail. A click confirms, as what reads mails follows links."""

    template_name = "account/confirm_address.html"

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Answer 404 for a key that confirms nothing."""
        known = context["confirmation"] is not None
        status = HTTPStatus.OK if known else HTTPStatus.NOT_FOUND
        answer: HttpResponse = super().render_to_response(context, status=status, **kwargs)
        return answer


class PasswordResetView(AccountForm, allauth_views.PasswordResetView):  # type: ignore[misc]  # as above
    """`/password/reset`."""

    template_name = "account/password_reset.html"


class PasswordResetSentView(SentMail, allauth_views.PasswordResetDoneView):  # type: ignore[misc]  # as above
    """`/password/reset/sent`: the same page whether the address has an account or not."""

    template_name = "account/password_reset_sent.html"


class NewPasswordView(AccountForm, allauth_views.PasswordResetFromKeyView):  # type: ignore[misc]  # as above
    """`/password/reset/<uid>/<token>`: the link in the mail."""

    template_name = "account/new_password.html"
    success_url = reverse_lazy("sign-in")

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Answer 404 for a link that opens nothing."""
        if context.get("token_fail"):
            kwargs["status"] = HTTPStatus.NOT_FOUND
        answer: HttpResponse = super().render_to_response(context, **kwargs)
        return answer


class PasswordChangeView(AccountForm, allauth_views.PasswordChangeView):  # type: ignore[misc]  # as above
    """`/profile/password`."""

    template_name = "account/password_change.html"


def _for_new_user(token: str) -> Invitation:
    """The invitation, for somebody who has no account. Raises Invitation.DoesNotExist, RefusedError."""
    invitation = invitation_of(token)
    check_acceptable(invitation)
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise RefusedError(f"{invitation.email} has an account", code="has_account", remedy="sign in")
    return invitation
