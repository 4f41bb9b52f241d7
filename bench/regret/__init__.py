"""Offers in made-up shops whose customers are known: what a policy loses against knowing them."""
