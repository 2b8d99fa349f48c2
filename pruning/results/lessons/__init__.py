"""Lessons: one Markdown file each, read, turned into notebooks and printed sheets."""
