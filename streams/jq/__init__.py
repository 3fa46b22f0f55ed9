"""jq queries, each evaluated in a process of its own that can be stopped."""
