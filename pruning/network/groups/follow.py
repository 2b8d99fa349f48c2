"""Walks along torch-pruning's dependency graph: what a layer's output channels are tied to, and index by index how.

``DependencyGraph.get_pruning_group`` walks the same edges, but works out all index mappings again at each call (most of
the time on large networks), does not end on some reshapes, and forgets that an index was reached from two channels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Place = tuple[Any, Any]
"""A node of the graph and the pruning function that would be called on it: which of its sides is meant."""


class Index(NamedTuple):
    """One index at a node, and the channel that the walk started from; mappings of the graph take and give these."""

    idx: int
    root_idx: int


def reach(start: Place) -> list[Place]:
    """All places that a place may be tied to, in the order in which they are found.

    Without indices: through a concatenation it may reach too far, but it is quick and ends on any network.
    """
    todo, seen = [start], {start: None}
    while todo:
        node, handler = todo.pop()
        for dep in node.dependencies:
            place = (dep.target, dep.handler)
            if dep.is_triggered_by(handler) and place not in seen:
                seen[place] = None
                todo.append(place)
    return list(seen)


def follow(start: Place, channels: list[int]) -> tuple[dict[Place, dict[int, int]], set[tuple[int, int]]]:
    """Which channel each index at each place is tied to, and the pairs of channels that some index ties together."""
    found: dict[Place, dict[int, int]] = {}
    tied: set[tuple[int, int]] = set()
    todo: list[tuple[Place, list[Any]]] = [(start, [Index(i, i) for i in channels])]
    while todo:
        place, indices = todo.pop()
        known, fresh = found.setdefault(place, {}), []
        for index in indices:
            if index.idx not in known:
                known[index.idx] = index.root_idx
                fresh.append(index)
            elif known[index.idx] != index.root_idx:
                tied.add((known[index.idx], index.root_idx))
        node, handler = place
        for dep in node.dependencies if fresh else ():
            if dep.is_triggered_by(handler):
                there = fresh
                for mapping in dep.index_mapping:
                    there = there if mapping is None else mapping(there)
                if there:
                    todo.append(((dep.target, dep.handler), there))
    return found, tied
