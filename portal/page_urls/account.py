"""Who one is: signing in and up, the profile, the organization and its members, keys and audit."""

from django.urls import URLPattern, path

from portal.views import account, organization, organization_invitations, organization_keys
from portal.views.account_profile import profile
from portal.views.mail import kept_mail

_SIGN_IN = account.SignInView.as_view()
_SIGN_UP = account.SignUpView.as_view()
_SIGN_OUT = account.SignOutView.as_view()

# Where a name begins with `account_`, it is the one that allauth asks for.
urlpatterns: list[URLPattern] = [
    path("sign-in", _SIGN_IN, name="sign-in"),
    path("sign-in", _SIGN_IN, name="account_login"),
    path("sign-out", _SIGN_OUT, name="sign-out"),
    path("sign-out", _SIGN_OUT, name="account_logout"),
    path("sign-up", _SIGN_UP, name="sign-up"),
    path("sign-up", _SIGN_UP, name="account_signup"),
    path("confirm-address", account.AddressSentView.as_view(), name="account_email_verification_sent"),
    path("confirm-address/<str:key>", account.ConfirmAddressView.as_view(), name="account_confirm_email"),
    path("account-disabled", account.DisabledView.as_view(), name="account_inactive"),
    path("password/reset", account.PasswordResetView.as_view(), name="account_reset_password"),
    path("password/reset/sent", account.PasswordResetSentView.as_view(), name="account_reset_password_done"),
    path(
        "password/reset/<str:uidb36>/<str:key>",
        account.NewPasswordView.as_view(),
        name="account_reset_password_from_key",
    ),
    path("profile", profile, name="profile"),
    path("profile/password", account.PasswordChangeView.as_view(), name="account_change_password"),
    path("organization", organization.organization, name="organization"),
    path("organization/name", organization.organization_name, name="organization-name"),
    path("organization/members/<row:member>", organization.member, name="member"),
    path("organization/members/<row:member>/remove", organization.member_removal, name="member-removal"),
    path("organization/invite", organization_invitations.new_invitation, name="new-invitation"),
    path(
        "organization/invitations/<row:invitation>/revoke",
        organization_invitations.invitation_revocation,
        name="invitation-revocation",
    ),
    path("invitations/<str:token>", organization_invitations.invitation, name="invitation"),
    path(
        "invitations/<str:token>/accept",
        organization_invitations.invitation_acceptance,
        name="invitation-acceptance",
    ),
    path("management-keys", organization_keys.management_keys, name="management-keys"),
    path("management-keys/new", organization_keys.new_management_key, name="new-management-key"),
    path(
        "management-keys/<row:management_key>/revoke",
        organization_keys.management_key_revocation,
        name="management-key-revocation",
    ),
    path("audit", organization.audit, name="audit"),
    path("dev/mail", kept_mail, name="kept-mail"),
]
