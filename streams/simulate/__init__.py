"""A made-up shop and factory with planted truth, so that what is found can be compared with it."""
