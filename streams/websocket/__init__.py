"""WebSockets that streams open, as inputs and outputs."""
