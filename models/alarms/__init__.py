"""When to tell people, and when to stop."""
