"""The area's pages, with the workshop's things in their addresses."""

READ = (
    "/apps",
    "/apps/{app}",
    "/apps/{app}/keys",
    "/apps/{app}/webhooks",
    "/apps/{app}/deliveries",
    "/apps/{app}/streams",
    "/subscriptions",
    "/subscriptions/{subscription}",
    "/endpoints/{endpoint}",
    "/deliveries",
    "/deliveries/dlv_{delivery}",
    "/signature",
)
CHANGE = (
    "/apps/new",
    "/apps/{app}/settings",
    "/apps/{app}/delete",
    "/apps/{app}/keys/{credential}/rotate",
    "/apps/{app}/keys/{credential}/revoke",
    "/apps/{app}/webhooks/subscribe",
    "/products/orders/subscribe",
    "/products/orders/subscribe?app={app}",
    "/products/orders/subscribe?app={app}&plan={plan}",
    "/subscriptions/{subscription}/cancel",
    "/endpoints/{endpoint}/settings",
    "/endpoints/{endpoint}/secret",
    "/endpoints/{endpoint}/test",
    "/endpoints/{endpoint}/delete",
)


def names_of(workshop):
    """What stands in the addresses."""
    return {
        "app": workshop.app.pk,
        "plan": workshop.plan.pk,
        "credential": workshop.credential.pk,
        "subscription": workshop.subscription.pk,
        "endpoint": workshop.endpoint.public_id,
        "delivery": workshop.delivery.pk,
    }
