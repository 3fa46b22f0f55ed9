"""The pages' addresses, an area a file; `portal/navigation.py` leads to those that begin a section."""
