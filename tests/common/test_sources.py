"""Names with a colon are asked of their source; what belongs to a person is there for that person alone."""

from __future__ import annotations

import pytest

from pruning.common.errors import UnknownName
from pruning.common.registry import Entry, Registry
from pruning.common.sources import Source, SourcedRegistry, asking, may_see


class Plain(Entry):
    name = "plain"
    label = "Plain"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> SourcedRegistry[Entry]:
    """One plain entry, and a source *shelf* on which two lie, of which one is Ann's own."""
    shelf = {"mine": "ann", "ours": ""}

    class Shelf(Source):
        name = "shelf"
        label = "Shelf"
        example = "shelf:mine"

        def entry(self, rest: str) -> type[Entry]:
            if rest not in shelf or not may_see(shelf[rest], False):
                raise UnknownName("thing on the shelf", rest, shelf)
            return type("OnShelf", (Entry,), {"name": f"shelf:{rest}", "label": rest})

        def listed(self) -> list[str]:
            return [f"shelf:{rest}" for rest, owner in shelf.items() if may_see(owner, False)]

    monkeypatch.setattr("pruning.common.registry.registries", {})
    sources: Registry[Source] = Registry("source", "pruning.zoo.data_sources")
    found: SourcedRegistry[Entry] = SourcedRegistry("thing", "pruning.zoo.data_sources", lambda: sources)
    sources._loaded = found._loaded = True
    sources.register(Shelf)
    found.register(Plain)
    return found


def test_a_name_with_a_colon_is_asked_of_its_source(known: SourcedRegistry[Entry]) -> None:
    assert known["plain"] is Plain
    assert known["shelf:mine"].name == "shelf:mine"
    assert known.names() == ["plain", "shelf:mine", "shelf:ours"]
    assert "shelf:ours" in known and "shelf:nothing" not in known and "cellar:ours" not in known and 7 not in known
    with pytest.raises(UnknownName, match="There is no source 'cellar'. Known: shelf."):
        known["cellar:mine"]


def test_what_is_a_persons_own_is_not_there_for_others(known: SourcedRegistry[Entry]) -> None:
    mark = asking.set("bob")
    try:
        assert known.names() == ["plain", "shelf:ours"] and "shelf:mine" not in known
        asking.set("ann")
        assert known.names() == ["plain", "shelf:mine", "shelf:ours"]
    finally:
        asking.reset(mark)


def test_a_search_finds_all_words(known: SourcedRegistry[Entry]) -> None:
    shelf = known._sources()["shelf"]()
    assert shelf.found("SHELF mi") == ["shelf:mine"] and len(shelf.found("")) == 2
