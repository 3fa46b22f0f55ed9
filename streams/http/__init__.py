"""Calls of streams to HTTP services."""
