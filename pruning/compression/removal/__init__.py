"""Physical removal: from a network whose channels, heads or blocks are masked to a smaller dense one.

The groups are those of the masks (``pruning.network.groups``). What is cut follows from the masks
alone; a run proves that the small network computes what the masked one does, and what it cannot be proved for is left
as it was, with the reason.
"""
