"""Methods of the literature as recipes."""
