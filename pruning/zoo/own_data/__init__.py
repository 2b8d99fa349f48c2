"""Data that people bring: read apart from this process, split by hashes, kept under a name."""
