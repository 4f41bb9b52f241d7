"""How unusual is a sample? One small record of state per sensor."""
