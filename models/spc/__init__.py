"""Statistical process control: control charts on rational subgroups, and what a process can do."""
