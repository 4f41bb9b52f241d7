"""Faults on purpose, and the proof that nothing was lost, doubled or changed by them."""
