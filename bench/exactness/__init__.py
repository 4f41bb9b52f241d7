"""Whether counts that went through Kafka, crashes and Redis equal those of a batch FP-growth."""
