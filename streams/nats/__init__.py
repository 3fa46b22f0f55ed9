"""NATS as inputs and outputs of streams."""
