"""How a key is: an app's API key, or a management key. Pure."""

import datetime as dt

from gateway.models import Credential, ManagementKey


def key_state(key: Credential | ManagementKey, now: dt.datetime) -> str:
    """Return whether a key is working, expired or revoked."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "working"
