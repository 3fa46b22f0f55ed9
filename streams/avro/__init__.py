"""Avro schemas and what is encoded by them."""
