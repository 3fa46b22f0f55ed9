"""How Django admin looks and where its rail leads: Sluice's colours and names in django-unfold's settings."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

_BASE: Final = {
    "50": "oklch(98.4% .004 200)",
    "100": "oklch(96.2% .006 205)",
    "200": "oklch(90.5% .008 210)",
    "300": "oklch(80% .012 210)",
    "400": "oklch(70% .016 220)",
    "500": "oklch(49% .02 225)",
    "600": "oklch(43% .022 230)",
    "700": "oklch(40% .016 230)",
    "800": "oklch(29% .014 230)",
    "900": "oklch(20.5% .013 230)",
    "950": "oklch(17% .012 230)",
}
"""Paper, lines and ink of static/css/tokens.css, from light to dark."""
_PRIMARY: Final = {
    "50": "oklch(97.5% .015 200)",
    "100": "oklch(95.5% .022 200)",
    "200": "oklch(90% .045 200)",
    "300": "oklch(84% .08 197)",
    "400": "oklch(77% .105 195)",
    "500": "oklch(62% .1 200)",
    "600": "oklch(46% .09 205)",
    "700": "oklch(40% .08 207)",
    "800": "oklch(33% .06 210)",
    "900": "oklch(26% .035 215)",
    "950": "oklch(20% .03 218)",
}
"""The accent there: 600 is that of light pages, 400 that of dark ones, 100 and 900 are their washes."""

_SECTIONS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "": (("Overview", "home", "admin:index"),),
    "People": (
        ("Users", "person", "gateway_user"),
        ("Organizations", "apartment", "gateway_organization"),
        ("Members", "group", "gateway_membership"),
        ("Invitations", "mail", "gateway_invitation"),
        ("Management keys", "key", "gateway_managementkey"),
        ("Audit", "history", "gateway_audit"),
    ),
    "Products": (
        ("Products", "inventory_2", "gateway_product"),
        ("Plans", "tune", "gateway_plan"),
        ("Event types", "sell", "gateway_eventtype"),
        ("Pages", "article", "portal_page"),
        ("Catalogues", "menu_book", "portal_catalogue"),
    ),
    "Developers": (
        ("Subscriptions", "how_to_reg", "gateway_subscription"),
        ("Apps", "apps", "gateway_app"),
        ("Credentials", "vpn_key", "gateway_credential"),
    ),
    "Streams": (
        ("Definitions", "description", "gateway_apidefinition"),
        ("Connections", "hub", "gateway_connection"),
        ("Instances", "memory", "gateway_instance"),
        ("Quarantine", "report", "gateway_quarantine"),
        ("Revisions", "commit", "gateway_revision"),
    ),
    "Webhooks": (
        ("Endpoints", "webhook", "webhooks_endpoint"),
        ("Deliveries", "outbox", "webhooks_delivery"),
        ("Attempts", "send", "webhooks_attempt"),
        ("Messages", "sms", "webhooks_message"),
        ("Workers", "engineering", "webhooks_deliveryworker"),
    ),
}
"""The rail: title of a section to its entries, each a text, a symbol and a model's or a page's name."""


def _navigation() -> Iterator[dict[str, Any]]:
    for title, entries in _SECTIONS.items():
        items = [{"title": text, "icon": icon, "link": _link(name)} for text, icon, name in entries]
        yield {"title": title, "separator": bool(title), "items": items}


def _link(name: str) -> Any:
    return reverse_lazy(name if ":" in name else f"admin:{name}_changelist")


def _favicon(request: HttpRequest) -> str:  # noqa: ARG001 - unfold's signature
    return static("favicon.svg")


def _style(request: HttpRequest) -> str:  # noqa: ARG001 - as above
    return static("css/admin.css")


def _script(request: HttpRequest) -> str:  # noqa: ARG001 - as above
    return static("js/admin.js")


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "Sluice administration",
    "SITE_HEADER": "Sluice",
    "SITE_SUBHEADER": "Administration",
    "SITE_ICON": _favicon,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _favicon}],
    "STYLES": [_style],
    "SCRIPTS": [_script],
    "COLORS": {"base": _BASE, "primary": _PRIMARY},
    "DASHBOARD_CALLBACK": "portal.admin.dashboard.with_what_waits",
    "SIDEBAR": {"show_search": True, "show_all_applications": True, "navigation": list(_navigation())},
}
