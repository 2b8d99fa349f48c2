"""What is removed together; each module registers one granularity."""
