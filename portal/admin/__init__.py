"""Django admin of every model, a file for each part of the domain; `domain` and `audited` are what they share."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from portal.admin import apps, audit, data_plane, people, products, streams, webhooks

__all__ = ["apps", "audit", "data_plane", "people", "products", "streams", "webhooks"]

# One way in for everybody: the portal's, with its limits on guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
