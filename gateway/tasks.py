"""Celery tasks: the sweeps of the gateway's tables."""

import datetime as dt

import psycopg
from celery import shared_task
from django.conf import settings

from gateway.positions import forget_positions
from gateway.tickets import forget_expired_tickets
from gateway.traffic import forget_traffic


@shared_task
def forget_old_positions() -> None:
    """Delete the places of callers that did not come for long."""
    with psycopg.connect(settings.DATABASE_URL) as connection:
        forget_positions(connection, settings.POSITION_RETENTION_DAYS)


@shared_task
def forget_tickets() -> None:
    """Delete the tickets that nobody used in time."""
    forget_expired_tickets()


@shared_task
def forget_old_traffic() -> None:
    """Delete the counts that nobody looks back to any more."""
    forget_traffic(dt.datetime.now(dt.UTC) - dt.timedelta(days=settings.TRAFFIC_RETENTION_DAYS))
