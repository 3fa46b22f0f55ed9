"""Products for an audience."""

from django.db import models

from gateway.models import Organization, Product, Visibility


class Catalogue(models.Model):
    """A named selection of products, shown to everybody, to who signed in, or to chosen organizations."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80, unique=True)
    audience = models.CharField(max_length=20, choices=Visibility, default=Visibility.AUTHENTICATED)
    organizations = models.ManyToManyField(Organization, blank=True, related_name="+")
    products = models.ManyToManyField(Product, blank=True, related_name="catalogues")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
