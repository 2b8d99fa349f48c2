"""Ground for all: errors, limits, hashing, memory, validation, the environment, progress, the registry."""
