"""What flows: the events of every topic, the topic table and the exported schemas. No I/O."""
