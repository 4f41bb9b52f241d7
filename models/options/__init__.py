"""How articles are configured: counts of option values, what goes with what, what to propose."""
