"""The kinds of files that data can be added from: one file for each."""
