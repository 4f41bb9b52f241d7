"""What is bought together: counts, rules, significance."""
