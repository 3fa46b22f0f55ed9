import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0013_connection_to_databases"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correlation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(max_length=200)),
                ("component", models.CharField(max_length=200)),
                ("key", models.CharField(blank=True, max_length=500)),
                ("value", models.BinaryField()),
                ("due", models.BigIntegerField(help_text="Unix milliseconds: when to look at it again.", null=True)),
                ("owing", models.BooleanField(default=False, help_text="It has matches that the stream has not taken yet.")),
                ("rules", models.CharField(blank=True, help_text="A digest of what is decided by; of the empty key.", max_length=32)),
                ("version", models.BigIntegerField(default=0, help_text="Counts what was written; of the empty key.")),
                (
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="correlations",
                        to="gateway.apidefinition",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due__isnull", False)),
                        fields=["definition", "stream", "component", "due"],
                        name="correlation_due",
                    ),
                    models.Index(
                        condition=models.Q(("owing", True)),
                        fields=["definition", "stream", "component"],
                        name="correlation_owing",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("definition", "stream", "component", "key"),
                        name="correlation_is_one_per_key",
                    )
                ],
            },
        ),
    ]
