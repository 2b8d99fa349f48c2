"""Submit a study, watch it, cancel it: thin, over Dask distributed."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pruning.engine.engine import Engine
    from pruning.engine.jobs import JobView

__all__ = ["Engine", "JobView"]


def __getattr__(name: str) -> Any:
    """Import late: the workers and their parent come through this package too, and start sooner without the rest."""
    if name == "Engine":
        from pruning.engine.engine import Engine

        return Engine
    if name == "JobView":
        from pruning.engine.jobs import JobView

        return JobView
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
