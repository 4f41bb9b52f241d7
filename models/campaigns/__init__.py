"""Offer rules: an operator's limits, switches and campaigns, as one document that is checked whole."""
