"""A product's documentation."""

from django.db import models

from gateway.models import Product


class Page(models.Model):
    """One page of Markdown."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="pages")
    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80)
    body = models.TextField(blank=True, help_text="Markdown.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "id")
        constraints = (models.UniqueConstraint(fields=("product", "slug"), name="page_slug_once"),)

    def __str__(self) -> str:
        return self.title
