"""The demo: everything runs on this machine, and every event is accounted for."""
