"""Policies judged from another policy's log: the Open Bandit Dataset."""
