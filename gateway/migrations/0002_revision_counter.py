"""The one row of the revision counter."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("gateway", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO gateway_revisioncounter (id, value) VALUES (1, 0)",
            "DELETE FROM gateway_revisioncounter",
        )
    ]
