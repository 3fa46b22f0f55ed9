"""Events accepted for delivery.

Message, Payload, Delivery and Attempt are partitioned by the message's day (migration 0002). Their keys in the
database hold the day; Django knows the id alone. No foreign key leads to them, and none of theirs is enforced:
both would cost a look-up per row on the hot path, and history outlives what it names.
"""

from django.db import models

from gateway.models import ApiDefinition, Organization


class Message(models.Model):
    """One event. Its id is a digest of where it came from, so that reading it again adds nothing."""

    id = models.UUIDField(primary_key=True)
    day = models.DateField()
    organization = models.ForeignKey(Organization, models.DO_NOTHING, db_constraint=False, db_index=False)
    definition = models.ForeignKey(ApiDefinition, models.DO_NOTHING, db_constraint=False, db_index=False)
    stream = models.CharField(max_length=120)
    event_type = models.CharField(max_length=127)
    position = models.CharField(max_length=255, help_text="Where it was read, such as `orders/3@1042`.")
    record_at = models.DateTimeField(help_text="The record's own time.")
    accepted_at = models.DateTimeField()
    matched = models.PositiveIntegerField(help_text="Endpoints it was made a delivery for.")
    offered = models.BooleanField(
        default=True, help_text="Some product has the type; else there is no payload."
    )

    class Meta:
        managed = False
        db_table = "webhooks_message"

    def __str__(self) -> str:
        return message_id_text(self.id.bytes)


class Payload(models.Model):
    """The bytes of a message, apart so that they can go earlier than its history."""

    message_id = models.UUIDField(primary_key=True)
    day = models.DateField()
    content_type = models.CharField(max_length=100)
    headers = models.BinaryField(default=b"", help_text="The stream's own header lines, as they are sent.")
    body = models.BinaryField()

    class Meta:
        managed = False
        db_table = "webhooks_payload"

    def __str__(self) -> str:
        return message_id_text(self.message_id.bytes)


def message_id_text(identity: bytes) -> str:
    """The `webhook-id` of the message with these 16 bytes."""
    return "msg_" + identity.hex()
