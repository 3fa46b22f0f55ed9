from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0012_poll"),
    ]

    operations = [
        migrations.AlterField(
            model_name="connection",
            name="kind",
            field=models.CharField(
                choices=[
                    ("kafka", "Kafka"),
                    ("amqp", "AMQP"),
                    ("mqtt", "MQTT"),
                    ("nats", "NATS"),
                    ("redis", "Redis"),
                    ("websocket", "WebSocket"),
                    ("postgresql", "PostgreSQL"),
                    ("mysql", "MySQL or MariaDB"),
                ],
                default="kafka",
                max_length=20,
            ),
        ),
    ]
