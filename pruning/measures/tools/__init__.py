"""What several measures are made with."""
