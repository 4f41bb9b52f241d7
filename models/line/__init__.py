"""The production line: what is watched of sensors and machines, and what is told of it."""
