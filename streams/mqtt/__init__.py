"""MQTT as inputs and outputs of streams."""
