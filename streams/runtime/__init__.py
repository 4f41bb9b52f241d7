"""The only place that knows Faust and confluent-kafka: swap it, and nothing else changes."""
