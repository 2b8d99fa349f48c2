"""Memories that hold nothing from other tests, and two tables with a network each."""

from tests.helpers.invented import forgetful
from tests.helpers.rows import tables

__all__ = ["forgetful", "tables"]
