"""Networks and data that somebody holds in memory, as a notebook does."""
