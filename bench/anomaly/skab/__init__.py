"""The Skoltech Anomaly Benchmark: a pump with eight sensors (Katser & Kozitsin 2020)."""
