"""Will this session buy? An online classifier and its honest score."""
