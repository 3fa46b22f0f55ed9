"""Where `make up` keeps data and keys."""

import os
from pathlib import Path

from django.conf import settings


def directory() -> Path:
    """SLUICE_VAR, else var/ in the checkout."""
    return Path(os.environ.get("SLUICE_VAR") or settings.BASE_DIR / "var").absolute()
