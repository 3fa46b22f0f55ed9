"""Kafka: the only package that talks to librdkafka."""
