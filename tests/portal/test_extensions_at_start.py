"""Processes and the extensions that their operator lists."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

from portal.components import every_component
from tests.streams.test_extensions import install_example

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def _nothing_loaded_yet():
    every_component.cache_clear()
    yield
    every_component.cache_clear()


def test_a_process_that_starts_knows_the_extensions_that_are_listed(tmp_path):
    package = install_example(tmp_path)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SLUICE_SECRET_KEY": "of a test",
        "SLUICE_EXTENSIONS": package,
        "PYTHONPATH": str(tmp_path),
    }
    said = subprocess.run(
        [sys.executable, "manage.py", "blobl", "root = card_brand(this)"],
        cwd=PROJECT,
        env=environment,
        input='"4111111111111111"\n',
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout) == (0, "visa\n"), said.stderr


@pytest.mark.usefixtures("_nothing_loaded_yet")
def test_a_process_whose_extension_is_missing_does_not_start(settings):
    settings.EXTENSIONS = ("sluice-cards",)
    with pytest.raises(SystemExit, match="sluice: the extension 'sluice-cards' is not installed"):
        apps.get_app_config("portal").ready()
