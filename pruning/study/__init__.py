"""A study, folded and run, and the methods of the literature as recipes."""
