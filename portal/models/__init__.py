"""What only the portal knows."""

from portal.models.catalogue import Catalogue
from portal.models.page import Page

__all__ = ["Catalogue", "Page"]
