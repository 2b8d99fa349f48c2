"""What happens to masks, gradients and loss while a network trains; each module registers one way."""
