"""The steps of recipes: one step, one file, with its specification, what it does, and its words."""
