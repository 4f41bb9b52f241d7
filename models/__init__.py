"""How we decide: pure functions and models. No Kafka, no Redis, no clock, no logging."""
