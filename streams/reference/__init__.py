"""What may stand in a configuration, for editors, for readers, and to begin with."""
