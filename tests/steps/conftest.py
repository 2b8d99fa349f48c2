"""Small invented images in place of the data sets, and memories that hold nothing from other tests."""

from tests.helpers.invented import forgetful, images

__all__ = ["forgetful", "images"]
