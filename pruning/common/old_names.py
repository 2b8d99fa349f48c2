"""Where things stood before 2026-12: imports that people copied from the app or the README go on working.

One table; whoever imports an old path gets the thing from its new place, and a warning that names it.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

MOVED: dict[str, tuple[str, ...]] = {
    "activations": ("network.activations",),
    "allocations": ("criteria.allocations",),
    "approaches": ("study.methods.approaches",),
    "budget": ("criteria.budget", "criteria.counts"),
    "calibration": ("criteria.layerwise",),
    "chain": ("network.chain",),
    "charts": ("results.charts",),
    "checks": ("common.validation",),
    "claims": ("results.literature",),
    "comparisons": ("results.comparisons", "common.bits"),
    "compatibility": ("criteria.compatibility",),
    "criteria": ("criteria.kinds", "training.kinds"),
    "criterion": ("criteria.counts", "criteria.plan"),
    "curvature": ("network.curvature",),
    "curve_tables": ("results.curves",),
    "defaults": ("study.methods.defaults",),
    "dynamics": ("training.dynamics",),
    "encoding": ("compression.files",),
    "entries": ("common.progress", "common.registry", "zoo.kinds", "measures.kinds"),
    "errors": ("common.errors",),
    "evaluate": ("measures",),
    "families": ("results.families",),
    "findings": ("results.literature",),
    "flow": ("criteria.synaptic_flow",),
    "fold": ("study.fold",),
    "frames": ("results.frames",),
    "granularities": ("criteria.granularities",),
    "groups": ("network.groups", "network.groups.channels", "network.groups.heads", "network.groups.blocks"),
    "inference": ("network.forward",),
    "intervals": ("results.intervals",),
    "keys": ("common.hashing",),
    "limits": ("common.limits",),
    "lowest": ("criteria.thresholds",),
    "lru": ("common.memory",),
    "macs": ("network.macs",),
    "moments": ("network.hessians",),
    "options": ("common.options",),
    "overlap": ("measures.tools.overlap",),
    "passes": ("network.passes", "network.scene"),
    "peak": ("network.peak",),
    "predictions": ("zoo.match", "measures.tools.predictions"),
    "quantization": ("compression.quantization", "network.rounding"),
    "quantization_tables": ("results.quantization",),
    "ranking": ("criteria.ranking",),
    "recipe": ("", "common.spec", "study.recipe"),
    "recipes": ("study.methods.recipes", "study.recipe", "training.options"),
    "registry": ("common.registry", "zoo.kinds", "criteria.kinds", "training.kinds", "measures.kinds"),
    "replay": ("network.partial_forward",),
    "report": ("results.report",),
    "run": ("study.fold", "study.run"),
    "scan": ("criteria.sensitivity_scan",),
    "schedules": ("training.schedules",),
    "scorers": ("criteria.scorers",),
    "sentences": ("results.sentences",),
    "settings": ("common.environment",),
    "specs": ("", "study.study", "common.spec", "study.recipe", "zoo.base"),
    "speed_tables": ("results.speed",),
    "step_words": ("study.words",),
    "stopwatch": ("measures.tools.stopwatch",),
    "strategies": ("study.methods.strategies",),
    "structure_tables": ("results.structure",),
    "surgery": ("compression.removal", "compression.removal.remove", "compression.removal.files"),
    "tables": ("results.table",),
    "ticket_tables": ("results.tickets",),
    "tickets": ("study.methods.tickets",),
    "timings": ("results.speed",),
    "tradeoffs": ("results.tradeoffs",),
    "training_tables": ("results.training",),
    "units": ("network.units",),
    "valleys": ("results.connectivity",),
    "wrapping": ("criteria.controls",),
}
"""By an old module's name the modules that hold its names now, in the order in which they are searched; an empty text
means ``pruning`` itself. The first module that has a name is the one that the warning tells, so the module that defines
a name stands before those that only import it. What only the pages need (links, settings of a page, commands) is not
offered under its old name."""


def found(old: str, name: str) -> Any:
    """What was ``name`` in the old module ``pruning.<old>``; warns with the new place.

    Raises:
        AttributeError: the old module had no such name, or the name is gone.
    """
    for place in MOVED[old]:
        path = f"pruning.{place}".rstrip(".")
        try:
            thing = getattr(importlib.import_module(path), name)
        except AttributeError:
            continue
        said = f"pruning.{old}.{name} has moved: write 'from {path} import {name}'."
        warnings.warn(said, DeprecationWarning, stacklevel=3)
        return thing
    raise AttributeError(f"module 'pruning.{old}' has no attribute '{name}'")


def missing(package: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a room that bears the name of an old module, for that module's names."""
    return lambda name: found(package.removeprefix("pruning."), name)


class _OldModule(ModuleType):
    """An old module's names, each looked for when it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return found(self.__name__.removeprefix("pruning."), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """``pruning.run(study)`` also after ``import pruning.run``, which puts this module in the function's place."""
        return importlib.import_module("pruning").run_study(*args, **kwargs)


class _Finder(MetaPathFinder, Loader):
    """Finds old modules, after everything that really exists."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        room, _, old = fullname.partition(".")
        if room != "pruning":
            return None
        if old in MOVED:
            return ModuleSpec(fullname, self, is_package=True)
        first, _, rest = old.partition(".")
        if first in MOVED and rest and _exists(f"pruning.{MOVED[first][0]}.{rest}"):
            return ModuleSpec(fullname, self)  # a module of a package that moved as a whole
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        first, _, rest = spec.name.removeprefix("pruning.").partition(".")
        if not rest:
            return _OldModule(spec.name)
        path = f"pruning.{MOVED[first][0]}.{rest}"
        module = importlib.import_module(path)
        warnings.warn(f"{spec.name} has moved: write 'import {path}'.", DeprecationWarning, stacklevel=2)
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Runs nothing, as an old module looks its names up when they are used. A module that moved as a whole gets its
        own spec back, which the import system has just replaced: reloading it needs that."""
        spec = module.__spec__
        if spec is not None and spec.loader_state is not None:
            module.__spec__ = spec.loader_state


def _exists(name: str) -> bool:
    """Whether a module can be imported, without importing it (its parents are)."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is no package
        return False


def install() -> None:
    """Let old paths be imported, once a process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
