"""What is wrong with an installation, and what to do about it: facts in, findings out. No I/O."""
