"""Will a session buy: test, then train, on a public set of sessions."""
