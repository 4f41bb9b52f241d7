"""Events a second and CPU an event: the whole system beside its own parts and a plain Faust agent."""
