"""Models, data sets and their splits."""
