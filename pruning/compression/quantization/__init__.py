"""Fewer bits for each weight: levels, rounding, and really packed bytes."""
