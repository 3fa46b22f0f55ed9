"""The portal's settings on the tests' own parts: whatever the environment names, no test touches it."""

import os

from tests.parts.embedded import environment

os.environ.update(environment())

from portal.settings import *  # noqa: F403 - reads what was just set
