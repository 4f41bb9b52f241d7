"""How long it takes from an order on Kafka until the served rules show it, under load."""
