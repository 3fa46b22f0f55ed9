"""AMQP 1.0 as inputs and outputs of streams."""
