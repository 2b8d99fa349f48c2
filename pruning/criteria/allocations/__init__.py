"""How much each layer gives; each module registers one allocation."""
