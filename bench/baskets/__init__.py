"""Baskets: what completes one, and what the next one holds."""
