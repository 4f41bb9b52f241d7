"""What the counting and testing of rules promises: nothing out of chance, nothing frequent lost."""
