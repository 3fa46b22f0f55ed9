"""Forms of products: what they contain, who finds them, how they are described."""

from typing import Any, Final

from django import forms
from django.db.models import Q

from gateway.actor import Actor
from gateway.models import ApiDefinition, DefinitionState, EventType, Organization, Product, Visibility
from portal.forms.domain_form import DomainForm

VISIBILITIES: Final = {
    Visibility.PUBLIC: "Everybody, without signing in",
    Visibility.AUTHENTICATED: "Everybody who signed in",
    Visibility.ORGANIZATIONS: "Chosen organizations, and your own",
}
_MOST_TEXT: Final = 100_000


class _DefinitionsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # no generic when it runs
    def label_from_instance(self, obj: ApiDefinition) -> str:
        """Return the name, where it listens, and whether it runs."""
        runs = "" if obj.state == DefinitionState.ACTIVE else ", does not run"
        return f"{obj.name} ({obj.listen_path}{runs})"


class ProductForm(DomainForm):
    """What a product is and contains."""

    name = forms.CharField(max_length=120)
    summary = forms.CharField(max_length=250, required=False, help_text="One sentence, for the catalogue.")
    definitions = _DefinitionsField(
        queryset=ApiDefinition.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Their streams are what it gives: by SSE, WebSocket, GET and webhooks.",
    )
    webhooks_enabled = forms.BooleanField(
        required=False,
        label="Sends webhooks",
        help_text="Signed requests to subscribers' endpoints, of the event types below.",
    )
    event_types = forms.ModelMultipleChoiceField(
        queryset=EventType.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What it offers. A webhook is sent for no other type.",
    )
    visibility = forms.ChoiceField(
        choices=[(value.value, text) for value, text in VISIBILITIES.items()],
        widget=forms.RadioSelect,
        label="Who finds it",
        initial=Visibility.AUTHENTICATED.value,
    )
    audience = forms.CharField(
        max_length=_MOST_TEXT,
        required=False,
        label="Chosen organizations",
        widget=forms.Textarea(attrs={"rows": 3, "class": "code-input", "spellcheck": "false"}),
        help_text="Their short names, one a line. They count where only chosen organizations find it.",
    )

    def __init__(self, actor: Actor, data: Any, product: Product | None = None) -> None:
        """product: None for a new one. A new one is made of what runs; what is in one may stay in it."""
        super().__init__(data, initial={} if product is None else _present(product))
        offered = Q(state=DefinitionState.ACTIVE)
        if product is not None:
            offered |= Q(products=product)
        own = ApiDefinition.objects.filter(offered, organization=actor.organization).distinct()
        self.fields["definitions"].queryset = own  # type: ignore[attr-defined]
        types = EventType.objects.filter(organization=actor.organization)
        self.fields["event_types"].queryset = types  # type: ignore[attr-defined]

    def clean_audience(self) -> list[Organization]:
        """Return the organizations. Raises ValidationError for a name that none has."""
        slugs = list(dict.fromkeys(self.cleaned_data["audience"].replace(",", " ").split()))
        found = {row.slug: row for row in Organization.objects.filter(slug__in=slugs)}
        if unknown := [slug for slug in slugs if slug not in found]:
            raise forms.ValidationError(f"There is no organization {', '.join(unknown)}.")
        return [found[slug] for slug in slugs]


class DescriptionForm(DomainForm):
    """What stands on a product's page, in Markdown."""

    description = forms.CharField(
        max_length=_MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 18, "data-preview": "preview"}),
        help_text="Markdown, without HTML.",
    )


def _present(product: Product) -> dict[str, Any]:
    plain = ("name", "summary", "webhooks_enabled", "visibility")
    return {
        **{name: getattr(product, name) for name in plain},
        "definitions": product.definitions.all(),
        "event_types": product.event_types.all(),
        "audience": "\n".join(product.audience.values_list("slug", flat=True)),
    }
