"""What pages share: the engine, controls, charts with their way out, live results."""
