"""What to offer: candidates, ranking, limits."""
