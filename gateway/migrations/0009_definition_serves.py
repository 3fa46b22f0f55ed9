import django.contrib.postgres.fields
from django.db import migrations, models

from streams.config import parse

# The paths of `http_server` as this migration found them: which field serves what, and its default.
_INPUT = {"path": ("ingest", "/post"), "ws_path": ("ingest_websocket", "/post/ws")}
_OUTPUT = {
    "path": ("poll", "/get"),
    "stream_path": ("stream", "/get/stream"),
    "ws_path": ("websocket", "/get/ws"),
}


def fill_serves(apps, schema_editor):
    """Say of every definition that runs what clients may call it for; activations say it from now on."""
    definitions = apps.get_model("gateway", "ApiDefinition").objects.filter(state="active")
    for definition in definitions.select_related("active_revision").iterator():
        root, _ = parse(definition.active_revision.document)
        streams = {} if root is None else root.plain().get("x-tyk-streaming", {}).get("streams", {})
        found = {purpose for stream in streams.values() for purpose in _purposes(stream)}
        definition.serves = sorted(found)
        definition.save(update_fields=("serves",))


def _purposes(stream):
    for part, paths in (("input", _INPUT), ("output", _OUTPUT)):
        for config in _servers(stream.get(part)):
            for field, (purpose, default) in paths.items():
                if (config or {}).get(field, default):
                    yield purpose


def _servers(value):
    """The configurations of `http_server` anywhere below."""
    if isinstance(value, dict):
        if "http_server" in value:
            yield value["http_server"]
        for inner in value.values():
            yield from _servers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _servers(inner)


class Migration(migrations.Migration):

    dependencies = [
        ('gateway', '0008_connection_ca_certificate'),
    ]

    operations = [
        migrations.AddField(
            model_name='apidefinition',
            name='serves',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, help_text='For what clients may call it while it runs: values of `gateway.routes.Purpose`.', size=None),
        ),
        migrations.RunPython(fill_serves, migrations.RunPython.noop),
    ]
