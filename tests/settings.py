"""The portal's settings on the tests' own parts: whatever the environment names, no test touches it."""

import os

from tests.parts.embedded import DIRECTORY, environment

os.environ.update(environment())

from portal.settings import *  # noqa: F403 - reads what was just set

# Nothing is collected for tests, and whitenoise warns of a folder that is not there.
STATIC_ROOT = DIRECTORY / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)

# As in `make up`: who tests that open APIs are refused switches it off.
OPEN_APIS = True

# What guesses passwords is held back by a slow digest; nobody guesses those of tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
