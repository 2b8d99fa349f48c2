"""Isomorphic: layers of one structure compete among themselves, and each structure gives the network's share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pruning.criteria.allocations.uniform import Uniform
from pruning.criteria.kinds import Allocation, allocations

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from pruning.criteria.budget import Budget
    from pruning.network.units import Group


@allocations.register
class Isomorphic(Allocation):
    """One threshold per kind of group; the share of the level goes from every kind.

    Two groups are of one kind if the same kinds of layers are tied together in them in the same way, whatever their
    sizes: the first convolutions of all residual blocks, the hidden layers of all transformer blocks. Scores of
    different kinds are not comparable and are not compared. Where bounds hold one kind back, the others make up.
    """

    name = "isomorphic"
    label = "Isomorphic"
    summary = "One threshold per kind of layer: alike structures compete, unlike ones each give the same share."
    reference = "Fang et al. 2024, Isomorphic pruning for vision models (section 3)"
    rank = 45
    scored = True

    def removed(self, budget: Budget) -> np.ndarray:
        import numpy as np

        kinds = [np.array(rows) for rows in alike(budget)]
        wanted = Uniform().removed(gathered(budget, kinds))
        found = np.zeros_like(budget.lower)
        for rows, much in zip(kinds, wanted, strict=True):
            part = only(budget, rows)
            found[rows] = part.lowest(part.ordered, much)
        return found


def alike(budget: Budget) -> list[list[int]]:
    """Rows of groups that are of one kind, in the order of their first ones."""
    model = None if budget.scene is None else budget.scene.model
    kinds: dict[tuple[str, ...], list[int]] = {}
    for row, name in enumerate(budget.names):
        kinds.setdefault(kind(budget.layout.groups[name], model), []).append(row)
    return list(kinds.values())


def only(budget: Budget, rows: np.ndarray) -> Budget:
    """The budget of these groups alone."""
    held = rows.tolist()
    return replace(
        budget,
        names=tuple(budget.names[row] for row in held),
        sizes=budget.sizes[rows],
        shapes=tuple(budget.shapes[row] for row in held),
        lower=budget.lower[rows],
        upper=budget.upper[rows],
        ordered=tuple(budget.ordered[row] for row in held),
    )


def gathered(budget: Budget, sets: list[np.ndarray]) -> Budget:
    """A budget of one row per set of groups, under the name of its first: their sizes and bounds, added up."""
    import numpy as np

    sizes, lower, upper = (
        np.stack([table[rows].sum(0) for rows in sets]) for table in (budget.sizes, budget.lower, budget.upper)
    )
    first = [int(rows[0]) for rows in sets]
    names, shapes = tuple(budget.names[row] for row in first), tuple(budget.shapes[row] for row in first)
    return replace(budget, names=names, sizes=sizes, shapes=shapes, lower=lower, upper=upper, ordered=())


def kind(group: Group, model: nn.Module | None) -> tuple[str, ...]:
    """What is tied together in a group: for each member the kind of layer, which of its parameters, and along which
    dimensions it varies. Without a model all layers are of one kind."""
    said = []
    for member in group.members:
        owner, _, last = member.parameter.rpartition(".")
        layer = "" if model is None else type(model.get_submodule(owner)).__name__
        along = "all" if member.unit is None else [dim for dim, size in enumerate(member.unit.shape) if size > 1]
        said.append(f"{layer} {last} {along}")
    return tuple(sorted(said))
