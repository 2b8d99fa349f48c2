"""Where networks come from that are not registered one by one: one file for each source."""
