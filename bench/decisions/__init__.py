"""How long a decision takes in process: from an event's bytes to an offer's bytes."""
