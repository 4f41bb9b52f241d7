"""What is looked at next: co-visits, repeats, trends."""
