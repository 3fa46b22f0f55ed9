"""Fixtures of the end-to-end tests."""

from tests.load.fixtures import shared_stage, stage

__all__ = ["shared_stage", "stage"]
