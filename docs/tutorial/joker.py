"""Chat Jippity's other half: answers what is said in the topic `chat` with a joke in the topic `discussion`."""

import argparse
import json
import random
import signal
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

UP = Path(__file__).parents[2] / "var" / "up.json"
JOKES = (
    "I told my computer that I needed a break. It froze.",
    "A queue walks into a bar. The barman says: one at a time, please.",
    "My consumer lost its group, and has had no offset to speak of since.",
    "There are two hard problems in streaming: 2. exactly-once delivery, 1. order, 2. exactly-once delivery.",
    "Why did the partition go to therapy? It could not let go of its leader.",
    "I would tell you one about UDP, but you might not get it.",
    "What does a broker have for breakfast? Whatever was left on the log.",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", help="host:port; what `make up` wrote down unless given")
    return parser.parse_args()


def create_topics(bootstrap: str) -> None:
    new = [NewTopic(name, num_partitions=1, replication_factor=1) for name in ("chat", "discussion")]
    client = AdminClient({"bootstrap.servers": bootstrap})  # it must outlive its answers
    for done in client.create_topics(new).values():
        try:
            done.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def answer(said: str) -> str:
    return f"In response to '{said}': Here's a dad joke - {random.choice(JOKES)}"  # noqa: S311


def serve(bootstrap: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "joker", "enable.auto.commit": False})
    # Alone it needs no group: it has every partition at once, and hears what is said from now on.
    partitions = [
        TopicPartition("chat", number) for number in consumer.list_topics("chat").topics["chat"].partitions
    ]
    for partition in partitions:
        partition.offset = consumer.get_watermark_offsets(partition)[1]
    consumer.assign(partitions)
    print("the joker listens", flush=True)
    try:
        while True:
            message = consumer.poll(1.0)
            said = (message.value() or b"").decode().strip() if message and not message.error() else ""
            if said:
                producer.produce("discussion", answer(said))
                producer.flush()
    finally:
        consumer.close()


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bootstrap = arguments().kafka or json.loads(UP.read_text())["kafka"]
    create_topics(bootstrap)
    try:
        serve(bootstrap)
    except KeyboardInterrupt:
        print("the joker leaves", flush=True)


if __name__ == "__main__":
    main()
