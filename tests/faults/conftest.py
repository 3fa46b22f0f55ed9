"""Fixtures of the tests under faults."""

from tests.load.fixtures import shared_stage, stage

__all__ = ["shared_stage", "stage"]
