"""Physical removal: from a network whose channels, heads or blocks are masked to a smaller dense one.

The groups are those of the masks (``pruning.groups``). What is cut follows from the masks alone; a run proves that the
small network computes what the masked one does, and what it cannot be proved for is left as it was, with the reason.
"""

from pruning.surgery.files import load_small
from pruning.surgery.remove import Removed, remove, removed, smaller

__all__ = ["Removed", "load_small", "remove", "removed", "smaller"]
