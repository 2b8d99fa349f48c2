"""Where data sets come from that are not registered one by one: one file for each source."""
