"""The Numenta Anomaly Benchmark: single series, early alarms rewarded (Lavin & Ahmad 2015)."""
