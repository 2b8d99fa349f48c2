"""``timm:resnet18`` is asked of the source *timm*; a name without a colon is registered, in the file of its own.

A source has a file of its own, as any entry. What it gives are classes like the registered ones, made when they are
asked for. Some of them belong to a person of this server: those are listed for that person and refused to others.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, ClassVar, Generic, TypeVar

from pruning.common.errors import UnknownName
from pruning.common.registry import Entry, Registry

asking: ContextVar[str | None] = ContextVar("asking", default=None)
"""Who asks in this thread, where that is said; None: see ``person_asking``."""
_askers: list[Callable[[], str | None]] = []


def ask_of(find: Callable[[], str | None]) -> None:
    """From now on who asks is found so: a web server knows whose page it is drawing."""
    _askers[:] = [find]


def person_asking() -> str | None:
    """Who looks at a page of a shared server; None: the program itself, its workers and the command line, which see
    all."""
    person = asking.get()
    return person if person is not None or not _askers else _askers[0]()


def may_see(owner: str, shared: bool) -> bool:
    """Whether what belongs to ``owner`` is there for whoever is asking now."""
    person = person_asking()
    return shared or not owner or person is None or person == owner


class Source(Entry):
    """Where entries come from that are not registered one by one."""

    example: ClassVar[str]
    """A whole name: "timm:resnet18.a1_in1k"."""

    @abstractmethod
    def entry(self, rest: str) -> type[Any]:
        """The class of the name behind the colon.

        Raises:
            UnknownName: there is none.
            Missing: what the source needs is not on this machine.
        """

    def listed(self) -> list[str]:
        """Whole names that belong into every list, for whoever is asking: what people added."""
        return []

    def found(self, words: str) -> list[str]:
        """Whole names that hold all of these words, however many: for a search."""
        return [name for name in self.listed() if all(word in name.lower() for word in words.lower().split())]


T = TypeVar("T", bound=Entry)


class SourcedRegistry(Registry[T], Generic[T]):
    """A registry that asks sources for names with a colon.

    Args:
        sources: asked for when they are first needed, as they may need the registry themselves.
    """

    def __init__(self, kind: str, package: str, sources: Callable[[], Registry[Any]]) -> None:
        super().__init__(kind, package)
        self._sources = sources

    def __getitem__(self, name: str) -> type[T]:
        source, colon, rest = str(name).partition(":")
        if not colon:
            return super().__getitem__(name)
        return self._sources()[source]().entry(rest)

    def __contains__(self, name: object) -> bool:
        if not (isinstance(name, str) and ":" in name):
            return super().__contains__(name)
        try:
            self[name]
        except UnknownName:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        known = self._sources()
        for source in known:
            yield from known[source]().listed()
