"""Corruptions of pictures, one file each."""
