"""What is measured on a state; each module registers one measure."""
