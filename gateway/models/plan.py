"""Under what limits a product is used."""

from django.db import models

from gateway.models.product import Product


class Approval(models.TextChoices):
    """Who says yes to a subscription."""

    AUTOMATIC = "automatic"  # nobody need
    MANUAL = "manual"  # a publisher


class QuotaPeriod(models.TextChoices):
    """Over which a quota counts; calendar periods in UTC."""

    DAY = "day"
    MONTH = "month"


class Plan(models.Model):
    """Limits of one product; null is without limit."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="plans")
    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    approval = models.CharField(max_length=10, choices=Approval, default=Approval.MANUAL)
    requests_per_second = models.PositiveIntegerField(null=True, blank=True)
    messages_per_second = models.PositiveIntegerField(null=True, blank=True)
    quota = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Requests and messages per period."
    )
    quota_period = models.CharField(max_length=10, choices=QuotaPeriod, default=QuotaPeriod.MONTH)
    max_clients = models.PositiveIntegerField(null=True, blank=True)
    client_age_seconds = models.PositiveIntegerField(null=True, blank=True)
    replay_window_seconds = models.PositiveIntegerField(null=True, blank=True)
    max_endpoints = models.PositiveIntegerField(null=True, blank=True)
    price = models.CharField(max_length=80, blank=True, help_text="As shown; nothing is charged.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("product", "id")
        constraints = (models.UniqueConstraint(fields=("product", "name"), name="plan_name_once"),)

    def __str__(self) -> str:
        return f"{self.product}: {self.name}"
