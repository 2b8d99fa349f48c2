"""What goes and how much: scorers, granularities, allocations, and the plan that they make together."""

from pruning.common.old_names import missing

__getattr__ = missing(__name__)
