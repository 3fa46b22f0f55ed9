"""Trying a stream on messages that were read for it before: nothing is written, and nobody is called."""
