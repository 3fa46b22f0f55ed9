"""An OpenAPI document with streams."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from gateway.models.organization import Organization


class Dialect(models.TextChoices):
    """Whose defaults a definition follows."""

    TYK = "tyk"  # a failed message flows on, flagged
    SLUICE = "sluice"  # a failed message goes to quarantine


class DefinitionState(models.TextChoices):
    """Whether its streams run."""

    DRAFT = "draft"  # saved and checked, not run
    ACTIVE = "active"  # its active revision runs


class ApiDefinition(models.Model):
    """An OpenAPI document with `x-tyk-streaming`. What runs is its active revision, not the document."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="definitions")
    public_id = models.CharField(max_length=32, unique=True, help_text="The id the APIs use.")
    name = models.CharField(max_length=200)
    dialect = models.CharField(max_length=10, choices=Dialect)
    document = models.TextField(help_text="As it was given, JSON or YAML.")
    listen_path = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=DefinitionState, default=DefinitionState.DRAFT)
    active_revision = models.ForeignKey(
        "gateway.Revision", models.PROTECT, null=True, blank=True, related_name="+"
    )
    serves = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text="For what clients may call it while it runs: values of `gateway.routes.Purpose`.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("listen_path",), condition=Q(state="active"), name="definition_listen_path_once"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(active_revision__isnull=False),
                name="definition_active_has_revision",
            ),
        )

    def __str__(self) -> str:
        return self.name
