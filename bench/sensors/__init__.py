"""What watching sensors costs: time a sample, bytes a sensor, seconds until a worker has them back."""
