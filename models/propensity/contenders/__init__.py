"""Classifiers that may serve: each scores features, then learns what became of them."""
