"""Cleaning: duplicates, impossible times, units and quality."""
