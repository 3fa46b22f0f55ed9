"""When a run is over: the topic is read to its end, and nothing is left to deliver."""

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.load.stage import Estate
from tests.load.waiting import wait_until

TIMEOUT_SECONDS = 10.0


def lag(estate: Estate) -> int:
    """Records of the topic that the stream's consumer group has not committed."""
    plan = estate.plan
    consumer = Consumer({"bootstrap.servers": plan.bootstrap, "group.id": plan.group})
    try:
        topic = consumer.list_topics(plan.topic, timeout=TIMEOUT_SECONDS).topics[plan.topic]
        partitions = [TopicPartition(plan.topic, number) for number in topic.partitions]
        return sum(
            _lag(consumer, partition) for partition in consumer.committed(partitions, timeout=TIMEOUT_SECONDS)
        )
    finally:
        consumer.close()


def _lag(consumer: Consumer, committed: TopicPartition) -> int:
    low, high = consumer.get_watermark_offsets(committed, timeout=TIMEOUT_SECONDS)
    return int(high - max(low, committed.offset))


def unfinished(estate: Estate) -> int:
    """Deliveries that are still to be made."""
    return int(estate.query("SELECT count(*) FROM webhooks_due"))


def is_read(estate: Estate) -> bool:
    """Whether the stream has committed the whole topic; no, while the broker cannot say."""
    try:
        return lag(estate) == 0
    except KafkaException:
        return False


def wait_until_read(estate: Estate, seconds: float) -> None:
    """Wait until the stream has committed the whole topic. Raises TimeoutError."""
    wait_until(lambda: is_read(estate), f"{estate.plan.topic} read to its end", seconds, poll=0.5)


def wait_until_delivered(estate: Estate, seconds: float) -> None:
    """Wait until the topic is read and every delivery has come to its end. Raises TimeoutError."""
    wait_until_read(estate, seconds)
    wait_until(lambda: unfinished(estate) == 0, "every delivery at its end", seconds, poll=0.5)


def delete_topic(bootstrap: str, topic: str) -> None:
    """Delete a topic and wait until the broker no longer names it."""
    client = AdminClient({"bootstrap.servers": bootstrap})
    client.delete_topics([topic], operation_timeout=TIMEOUT_SECONDS)[topic].result(TIMEOUT_SECONDS * 3)
    wait_until(lambda: topic not in client.list_topics(timeout=TIMEOUT_SECONDS).topics, f"{topic} gone", 30)
