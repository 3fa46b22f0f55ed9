"""AMQP as inputs and outputs of streams."""
