"""Alarms on recorded sensors: three public benchmarks, their own scoring, baselines beside."""
