"""See neural-network pruning. What a notebook needs, loaded when it is first used:

>>> import pruning
>>> study = pruning.Study(
...     base=pruning.Base(model="lenet_300_100"),
...     recipe=(pruning.Prune(scorer="magnitude_l1", sparsity=800),),
...     axes={"0.sparsity": (500, 800, 900)},
...     measures=(pruning.MeasureSpec(name="accuracy", options={"count": 500}), pruning.MeasureSpec(name="profile")),
... )
>>> rows = pruning.run(study)  # doctest: +SKIP
>>> pruning.table(rows)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pruning.specs import Base as Base
    from pruning.specs import MeasureSpec as MeasureSpec
    from pruning.specs import Prune as Prune
    from pruning.specs import Recalibrate as Recalibrate
    from pruning.specs import Study as Study
    from pruning.tables import Results as Results
    from pruning.tables import table as table

_HOMES = {name: "pruning.specs" for name in ("Base", "MeasureSpec", "Prune", "Recalibrate", "Study")} | {
    "Results": "pruning.tables",
    "table": "pruning.tables",
}

__all__ = [*_HOMES, "run"]


def _run(study: Study, *args: Any, **kwargs: Any) -> Results:
    """All results of a study, computed in this process: ``pruning.run.run``, whose arguments these are. The rows
    remember their study, so that ``table`` needs nothing else."""
    module, results = importlib.import_module("pruning.run"), importlib.import_module("pruning.tables").Results
    return results(module.run(study, *args, **kwargs), study)


class _Package(ModuleType):
    """This package, with one attribute that an import must not replace: ``pruning.run`` is the function, also after
    the module of the same name was imported (``from pruning.run import state_of`` works as ever)."""

    @property
    def run(self) -> Any:
        return _run

    @run.setter
    def run(self, module: ModuleType) -> None:
        """Python binds a submodule to its package here; the module stays in ``sys.modules``."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'pruning' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Package
