"""Next-click quality on session logs: test, then train, in the order of the stream."""
