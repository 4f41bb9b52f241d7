"""Rules: counts held against a batch, bounds held against the truth, chance held against nothing."""
