"""Django admin of every model, one file per package administered."""

from portal.admin import gateway, portal, webhooks

__all__ = ["gateway", "portal", "webhooks"]
