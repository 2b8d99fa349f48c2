"""What ``pruning.wrap`` gives: a network that prunes itself, and findings that show themselves in a notebook."""
