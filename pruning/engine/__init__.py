"""Submit a study, watch it, cancel it: thin, over Dask distributed."""

from pruning.engine.engine import Engine
from pruning.engine.jobs import JobView

__all__ = ["Engine", "JobView"]
