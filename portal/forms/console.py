"""What a console asks a ticket for."""

from django import forms

from portal.forms.domain_form import DomainForm


class TicketForm(DomainForm):
    """One stream of one definition, for one app."""

    app = forms.IntegerField(min_value=1, max_value=10**18)
    definition = forms.CharField(max_length=32)
    stream = forms.CharField(max_length=120)
