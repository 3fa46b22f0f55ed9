"""Who one is: signing in and up, the profile, the organization and its members."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, path

_SIGN_IN = LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True)

urlpatterns: list[URLPattern] = [
    path("sign-in", _SIGN_IN, name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
]
