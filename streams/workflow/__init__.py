"""Branches of the `workflow` processor: which need which, and what became of each."""
