"""Each module registers what it holds; see ``pruning.registry``."""
