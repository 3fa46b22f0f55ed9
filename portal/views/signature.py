"""`/signature`: why a signature does not verify. What is pasted is neither kept nor logged."""

import time

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from gateway.actor import Actor
from portal.forms.signature import SignatureForm
from portal.page_requests import PageRequest
from portal.views.actions import show_form
from portal.views.guards import member_page
from webhooks.signature_check import check_pasted


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters()
@member_page
def signature_check(request: PageRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - any member
    """Check a pasted request (POST only); its answer is the one page that shows the result."""
    form = SignatureForm(request.POST if request.method == "POST" else None)
    findings = (
        check_pasted(**form.cleaned_data, now=int(time.time())) if form.is_bound and form.is_valid() else []
    )
    context = {"findings": findings, "passed": all(finding.passed for finding in findings)}
    return show_form(request, "deliveries/signature.html", form, context)
