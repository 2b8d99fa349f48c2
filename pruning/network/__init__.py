"""Looking at a network: its prunable weights, passes, units and groups, activations, curvature, MACs, memory."""
