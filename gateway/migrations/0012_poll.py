from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gateway', '0011_connection_kinds'),
    ]

    operations = [
        migrations.CreateModel(
            name='Poll',
            fields=[
                ('key', models.CharField(max_length=400, primary_key=True, serialize=False)),
                ('request', models.BinaryField(max_length=16)),
                ('polled_at', models.DateTimeField()),
            ],
        ),
    ]
