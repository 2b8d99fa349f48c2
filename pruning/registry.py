"""What exists: models, data sets, scorers, granularities, allocations, steps, measures.

Every such thing registers itself in its own file. The file imports torch only inside its functions, so that pages
and the command line can read names, bounds, formulas and help without loading it.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

from pruning.criteria import Allocation, Criterion, Dynamics, Granularity
from pruning.entries import Dataset, Entry, Measure, Model
from pruning.errors import UnknownName

T = TypeVar("T", bound=Entry)


class Registry(Generic[T]):
    """Classes by name, filled by importing every module of one package, in the order of their labels.

    Args:
        kind: the noun used in messages ("scorer").
        package: the package whose modules register themselves ("pruning.scorers").
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind, self.package = kind, package
        self._entries: dict[str, type[T]] = {}
        self._loaded = self._loading = False
        self._lock = threading.RLock()

    def register(self, entry: type[T]) -> type[T]:
        """Class decorator: make ``entry`` available under ``entry.name``.

        Raises:
            ValueError: when another class already holds the name.
        """
        taken = self._entries.get(entry.name)
        if taken is not None and (taken.__module__, taken.__qualname__) != (entry.__module__, entry.__qualname__):
            raise ValueError(
                f"{self.kind} '{entry.name}' of {entry.__module__}.{entry.__qualname__} "
                f"is already taken by {taken.__module__}.{taken.__qualname__}"
            )
        self._entries[entry.name] = entry
        return entry

    def load(self) -> None:
        """Import every module of the package once, so that each registers what it holds.

        Other threads wait until all of them are there; a module that asks while it is being imported sees those before.
        """
        if self._loaded:
            return
        with self._lock:
            if self._loaded or self._loading:
                return
            self._loading = True
            try:
                package = importlib.import_module(self.package)
                for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
                    importlib.import_module(f"{self.package}.{module}")
                self._loaded = True
            finally:
                self._loading = False

    def __getitem__(self, name: str) -> type[T]:
        """The class registered as ``name``.

        Raises:
            UnknownName: with the nearest known name.
        """
        self.load()
        if name not in self._entries:
            raise UnknownName(self.kind, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self.load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self.load()
        return iter(sorted(self._entries, key=lambda name: (self._entries[name].rank, name)))

    def __len__(self) -> int:
        self.load()
        return len(self._entries)

    def names(self) -> list[str]:
        """All names, in the order in which a control shows them."""
        return list(self)


models: Registry[Model] = Registry("model", "pruning.zoo.models")
datasets: Registry[Dataset] = Registry("data set", "pruning.zoo.datasets")
scorers: Registry[Criterion] = Registry("scorer", "pruning.scorers")
granularities: Registry[Granularity] = Registry("granularity", "pruning.granularities")
allocations: Registry[Allocation] = Registry("allocation", "pruning.allocations")
measures: Registry[Measure] = Registry("measure", "pruning.evaluate")
dynamics: Registry[Dynamics] = Registry("way of training", "pruning.dynamics")
