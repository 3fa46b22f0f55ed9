"""Secrets on their way to the one page that shows them: after a form's redirect, encrypted in the session."""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from streams.secrets import KeyRing

_PURPOSE: Final = "portal.shown_once"
_PLACE: Final = "shown_once"


@dataclass(frozen=True, slots=True)
class ShownOnce:
    """A secret that the next page shows, by components/key_once.html."""

    title: str
    """Such as `The new key of dispatch-board`."""
    secret: str
    text: str
    """What is kept of it, and whether it can be seen again."""


def show_once(request: HttpRequest, shown: ShownOnce) -> None:
    """Keep a secret for the page that the form leads to."""
    plain = json.dumps(asdict(shown)).encode()
    encrypted = KeyRing(settings.KEY_RING).encrypt(plain, purpose=_PURPOSE, row=_row(request))
    request.session[_PLACE] = base64.b64encode(encrypted).decode()


def take_shown_once(request: HttpRequest) -> ShownOnce | None:
    """Return what was kept, and forget it; None: nothing. Raises DecryptionError once its key left the ring."""
    kept = request.session.pop(_PLACE, None)
    if kept is None:
        return None
    encrypted = base64.b64decode(kept)
    plain = KeyRing(settings.KEY_RING).decrypt(encrypted, purpose=_PURPOSE, row=_row(request))
    return ShownOnce(**json.loads(plain))


def _row(request: HttpRequest) -> int:
    """The reader's primary key: another one's session cannot show it."""
    return int(request.user.pk or 0)
