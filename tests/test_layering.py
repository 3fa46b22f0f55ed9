"""Imports and migrations only go down: portal, webhooks, gateway, streams."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader

PROJECT = Path(__file__).parents[1]
ORDER = ("streams", "gateway", "webhooks", "portal")


def upward(package: str, dependency: str) -> bool:
    """Whether a package's migration depends on one of a package above it."""
    return dependency in ORDER and ORDER.index(dependency) > ORDER.index(package)


def test_the_import_contracts_hold():
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", script, "--no-cache"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", ORDER)
def test_migrations_depend_on_nothing_above_them(package):
    migrations = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    ours = [migration for (app, _), migration in migrations.items() if app == package]
    assert [(m.name, app) for m in ours for app, _ in m.dependencies if upward(package, app)] == []


def test_the_direction_is_judged_as_meant():
    assert upward("gateway", "webhooks")
    assert not upward("webhooks", "gateway")
    assert not upward("gateway", "auth")
