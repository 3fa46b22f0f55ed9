"""Celery tasks: the sweeps of the gateway's tables."""

import psycopg
from celery import shared_task
from django.conf import settings

from gateway.positions import forget_positions
from gateway.tickets import forget_expired_tickets


@shared_task
def forget_old_positions() -> None:
    """Delete the places of callers that did not come for long."""
    with psycopg.connect(settings.DATABASE_URL) as connection:
        forget_positions(connection, settings.POSITION_RETENTION_DAYS)


@shared_task
def forget_tickets() -> None:
    """Delete the tickets that nobody used in time."""
    forget_expired_tickets()
