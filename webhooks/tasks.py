"""Celery tasks: the sweeps of the delivery engine."""

import psycopg
from celery import shared_task
from django.conf import settings

from webhooks.endpoint_health import judge_failing_endpoints
from webhooks.partitions import KeptDays, drop_old_partitions, make_coming_partitions


@shared_task
def make_partitions() -> None:
    """Make the partitions of the coming days."""
    with psycopg.connect(settings.DATABASE_URL) as connection:
        make_coming_partitions(connection)


@shared_task
def drop_partitions() -> None:
    """Drop the partitions of days that are no longer kept."""
    with psycopg.connect(settings.DATABASE_URL) as connection:
        drop_old_partitions(connection, KeptDays(settings.RETENTION_DAYS))


@shared_task
def judge_endpoints() -> None:
    """Warn about endpoints that only fail, and disable those that did for too long."""
    with psycopg.connect(settings.DATABASE_URL) as connection:
        judge_failing_endpoints(connection)
