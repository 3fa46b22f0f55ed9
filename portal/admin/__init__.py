"""Django admin of every model, one file per package administered, and one for the gateway's own records."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from portal.admin import data_plane, gateway, portal, webhooks

__all__ = ["data_plane", "gateway", "portal", "webhooks"]

# One way in for everybody: the portal's, with its limits on guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
