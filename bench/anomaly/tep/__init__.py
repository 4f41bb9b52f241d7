"""The Tennessee Eastman process: 52 variables of a simulated plant (Downs & Vogel 1993)."""
