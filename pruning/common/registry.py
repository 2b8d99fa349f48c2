"""What exists registers itself in its own file: models, data sets, scorers, steps, measures and so on.

An entry is a frozen pydantic class: its class variables describe it (name, label, formula, reference), its fields are
the options a person may set, with bounds and help. Pages make widgets of the fields, the command line makes options,
and hashes are made of the values that differ from the defaults. The file of an entry imports torch only inside its
functions, so that pages and the command line read names, bounds, formulas and help without loading it.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import pkgutil
import threading
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from pruning.common.errors import UnknownName, reason
from pruning.common.plugins import plugins

log = logging.getLogger(__name__)


class Entry(BaseModel):
    """Something that exists under a name; see the text of this file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: ClassVar[str]
    """Final: it enters links, hashes and tables."""
    label: ClassVar[str]
    summary: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    rank: ClassVar[int] = 100
    """Place in lists: lower first."""
    version: ClassVar[int] = 1
    """Rises when the same options would give another result. Above 1 it enters the keys of what this entry makes, and
    of nothing else: all other stored results stay found."""

    @classmethod
    def version_in(cls, recipe: Sequence[Any]) -> int:
        """The version that a key holds where the last of these steps uses the entry; for a measure, after all of them.

        A lower one than ``version`` where both give the same, so that what was stored of it stays found.
        """
        return cls.version


T = TypeVar("T", bound=Entry)
C = TypeVar("C", bound=type)

registries: dict[str, Registry[Any]] = {}
"""Every registry by the plural of what it holds (``scorers``): an option that names a registered thing says which."""


class Registry(Generic[T]):
    """Classes by name, filled by importing every module of one package, in the order of their labels.

    A module that cannot be imported is left out, logged, and listed in ``broken``.

    Args:
        kind: the noun used in messages ("scorer").
        package: the package whose modules register themselves ("pruning.criteria.scorers").

    >>> from pruning.criteria.kinds import scorers
    >>> scorers["random"].label
    'Random (control)'
    >>> "magnitude_l1" in scorers, scorers.names()[0]
    (True, 'magnitude_l1')
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind, self.package = kind, package
        self._entries: dict[str, type[T]] = {}
        self._loaded = self._loading = False
        self._failed: list[str] = []
        self._lock = threading.RLock()
        registries[package.rpartition(".")[2]] = self

    @property
    def broken(self) -> list[str]:
        """A sentence for each file, and for each plug-in, that could not be imported."""
        return [*self._failed, *plugins.broken]

    def register(self, entry: C) -> C:
        """Class decorator: make ``entry`` available under ``entry.name``. What a plug-in registers has the hash of the
        plug-in's code as its version: changed code is other work.

        Raises:
            ValueError: when another class already holds the name.
        """
        name: str = entry.name  # ty: ignore[missing-attribute]
        if (plugin := plugins.of(entry.__module__)) is not None:
            self._load_package()  # the program's own names are its own
            entry.version = int(plugin.content or "1", 16)  # ty: ignore[missing-attribute]
        taken = self._entries.get(name)
        if taken is not None and (taken.__module__, taken.__qualname__) != (entry.__module__, entry.__qualname__):
            raise ValueError(
                f"{self.kind} '{name}' of {entry.__module__}.{entry.__qualname__} "
                f"is already taken by {taken.__module__}.{taken.__qualname__}"
            )
        self._entries[name] = entry  # ty: ignore[invalid-assignment]
        return entry

    def load(self) -> None:
        """Import every module of the package once, so that each registers what it holds.

        Other threads wait until all of them are there; a module that asks while it is being imported sees those before.
        """
        if not self._loaded:
            self._load_package()
        if self._loaded:
            plugins.load(forget)

    def _load_package(self) -> None:
        with self._lock:
            if self._loaded or self._loading:
                return
            self._loading = True
            try:
                package = importlib.import_module(self.package)
                for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
                    self._import(f"{self.package}.{module}")
                self._loaded = True
            finally:
                self._loading = False

    def _import(self, module: str) -> None:
        """Import one file. One that fails is named, and the others are there all the same."""
        try:
            importlib.import_module(module)
        except Exception as error:  # whatever a file of somebody's own raises
            self._entries = {name: e for name, e in self._entries.items() if e.__module__ != module}  # half of a file
            spec = importlib.util.find_spec(module)
            place = spec.origin if spec is not None and spec.origin else module
            self._failed.append(f"{place} was left out: it fails with {type(error).__name__} ({reason(error)}).")
            log.warning("%s", self._failed[-1])
            log.debug("Where it fails", exc_info=error)

    def __getitem__(self, name: str) -> type[T]:
        """The class registered as ``name``.

        Raises:
            UnknownName: with the nearest known name.
        """
        self.load()
        if name not in self._entries:
            error = UnknownName(self.kind, name, self._entries)
            error.message = " ".join([error.message, *self.broken])  # perhaps it is in there
            raise error
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

    def forget(self, module: str) -> None:
        """Take back what a module has registered, and the modules within it."""
        mine = f"{module}."
        self._entries = {name: e for name, e in self._entries.items() if not f"{e.__module__}.".startswith(mine)}


def forget(module: str) -> None:
    """Take back what a module has registered anywhere."""
    for known in list(registries.values()):
        known.forget(module)


def complaints() -> list[str]:
    """A sentence for each file of an entry, and for each plug-in, that could not be imported, of all registries that
    were asked so far."""
    return list(dict.fromkeys(sentence for known in registries.values() for sentence in known.broken))
