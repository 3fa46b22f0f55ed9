from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0014_correlation"),
    ]

    operations = [
        migrations.AlterField(
            model_name="subscription",
            name="attributes",
            field=models.JSONField(blank=True, default=dict, help_text="What streams read as $tyk_meta."),
        ),
    ]
