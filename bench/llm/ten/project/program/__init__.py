"""Facts about a text."""
