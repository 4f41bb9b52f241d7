"""Benchmarks: speed and quality, each beside its baselines, in one run. `tailorline bench`."""
