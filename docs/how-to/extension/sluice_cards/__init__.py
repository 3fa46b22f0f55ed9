"""An example of an extension for Sluice: a processor and a function that know card numbers."""
