"""Events of several moments that mean something together: sequences of one key, and pairs of two streams."""
