"""Django admin of every model, one file per package administered, and one for the gateway's own records."""

from portal.admin import data_plane, gateway, portal, webhooks

__all__ = ["data_plane", "gateway", "portal", "webhooks"]
