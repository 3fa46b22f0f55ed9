"""`/dev/mail`: the mails of this installation, where SLUICE_MAIL_FOLDER keeps them instead of sending them."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.mail.folder import kept_mails
from portal.page_requests import PageRequest


@require_safe
@never_cache
def kept_mail(request: PageRequest) -> HttpResponse:
    """List them, the newest first. Raises Http404 where mails are sent."""
    if not settings.MAIL_FOLDER:
        raise Http404
    return render(request, "mail/kept.html", {"mails": list(kept_mails(Path(settings.MAIL_FOLDER)))})
