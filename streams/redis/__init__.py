"""Redis and Valkey as inputs, outputs, caches and rate limits of streams."""
