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

``pruning.scorers.names()`` lists the scorers; ``pruning.registries`` holds every registry by its name: ``measures``,
``steps`` and so on.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pruning.common import old_names

if TYPE_CHECKING:
    from pruning.common.errors import PruningError as PruningError
    from pruning.common.progress import Progress
    from pruning.common.registry import registries as registries
    from pruning.compression.removal.files import load_small as load_small
    from pruning.compression.removal.hugging_face import save_pretrained as save_pretrained
    from pruning.criteria.kinds import allocations as allocations
    from pruning.criteria.kinds import granularities as granularities
    from pruning.criteria.kinds import scorers as scorers
    from pruning.results.notebook.net import Net
    from pruning.results.table import Results as Results
    from pruning.results.table import table as table
    from pruning.steps.prune import Prune as Prune
    from pruning.steps.quantize import Quantize as Quantize
    from pruning.steps.recalibrate import Recalibrate as Recalibrate
    from pruning.steps.remove import Remove as Remove
    from pruning.steps.rewind import Rewind as Rewind
    from pruning.steps.shuffle import Shuffle as Shuffle
    from pruning.steps.student import Student as Student
    from pruning.steps.train import Train as Train
    from pruning.study.fold import state_of as state_of
    from pruning.study.run import ResultStore
    from pruning.study.study import MeasureSpec as MeasureSpec
    from pruning.study.study import Study as Study
    from pruning.study.study import load_study as load_study
    from pruning.training.kinds import dynamics as dynamics
    from pruning.zoo.base import Base as Base
    from pruning.zoo.kinds import datasets as datasets
    from pruning.zoo.kinds import models as models

_HOMES = {
    "pruning.common.errors": ("PruningError",),
    "pruning.compression.removal.files": ("load_small",),
    "pruning.compression.removal.hugging_face": ("save_pretrained",),
    "pruning.criteria.kinds": ("allocations", "granularities", "scorers"),
    "pruning.results.table": ("Results", "table"),
    "pruning.steps.prune": ("Prune",),
    "pruning.steps.quantize": ("Quantize",),
    "pruning.steps.recalibrate": ("Recalibrate",),
    "pruning.steps.remove": ("Remove",),
    "pruning.steps.rewind": ("Rewind",),
    "pruning.steps.shuffle": ("Shuffle",),
    "pruning.steps.student": ("Student",),
    "pruning.steps.train": ("Train",),
    "pruning.study.fold": ("state_of",),
    "pruning.study.study": ("MeasureSpec", "Study", "load_study"),
    "pruning.training.kinds": ("dynamics",),
    "pruning.zoo.base": ("Base",),
    "pruning.zoo.kinds": ("datasets", "models"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

_KINDS = ("criteria", "measures", "steps", "tasks", "training", "zoo")
"""Rooms whose ``kinds`` hold registries."""

__all__ = [*_HOME, "registries", "run", "wrap"]


def run(study: Study, store: ResultStore | None = None, progress: Progress | None = None) -> Results:
    """All results of a study, computed in this process. They remember their study, so that ``table`` needs no more.

    Args:
        store: where finished results are kept and looked for; none: nothing is.
        progress: called with how far the work is; see ``pruning.common.progress``.

    Raises:
        PruningError: the first cell that cannot be computed, with one sentence.
    """
    from pruning.common.progress import quiet
    from pruning.results.table import Results
    from pruning.study import run as runs

    return Results(runs.run(study, store, progress or quiet), study)


def wrap(
    model: Any,
    data: Any,
    *,
    task: str | None = None,
    train: Any = None,
    name: str = "",
    classes: tuple[str, ...] = (),
    count: int | None = None,
) -> Net:
    """A network of one's own, ready to be pruned, measured and compared. The module stays as it is: a copy is pruned.

    Args:
        model: any ``torch.nn.Module``.
        data: a pair ``(inputs, labels)`` of tensors or arrays, a Dataset, a DataLoader, a Hugging Face data set, or any
            iterable of batches; of these 70 % are for training, 10 % for validation and 20 % for tests, by a hash of
            each example. A dictionary with ``train``, ``test`` and perhaps ``validation`` gives the splits themselves.
        task: what it is for; ``pruning.registries["tasks"].names()``. None: as labels and inputs look.
        train: training data, where ``data`` is for tests alone.
        name: how tables and pictures call it; its class, where there is none.
        classes: names of the outputs.
        count: use at most so many examples of each split that is given.

    Raises:
        PruningError: it is no network, or network and data do not go together; one sentence.
    """
    from pruning.results.notebook.wrapping import wrap

    return wrap(model, data, task, train, name, tuple(classes), count)


run_study = run
"""The same, where an old ``import pruning.run`` has put a module in the function's place."""


def __getattr__(name: str) -> Any:
    if name == "registries":
        for room in _KINDS:
            importlib.import_module(f"pruning.{room}.kinds")
        return importlib.import_module("pruning.common.registry").registries
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'pruning' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


old_names.install()
