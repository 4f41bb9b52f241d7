"""How much the store holds: for a customer, at many articles, and after ten times the stream."""
