"""A made-up line over a shift of eight hours: what is found of planted faults, and what operators hear."""
