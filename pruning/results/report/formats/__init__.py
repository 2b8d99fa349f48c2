"""Each module registers what it holds; see ``pruning.common.registry``."""
