"""Ids of deliveries are handed out one by one, so that lists by id, newest first, are so by time.

Each connection kept 64 of them: what one delivered now came far below what another had delivered long ago.
"""

from django.db import migrations


class Migration(migrations.Migration):
    """The sequence keeps none ahead."""

    dependencies = (("webhooks", "0002_partitions"),)
    operations = (
        migrations.RunSQL(
            "ALTER SEQUENCE webhooks_delivery_id_seq CACHE 1", "ALTER SEQUENCE webhooks_delivery_id_seq CACHE 64"
        ),
    )
