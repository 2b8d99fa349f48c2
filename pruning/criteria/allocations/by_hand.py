"""By hand: a table of shares, one per layer, exact at the level they add up to, and scaled for all other levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from pruning.criteria.kinds import Allocation, allocations

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from pruning.criteria.budget import Budget


@allocations.register
class ByHand(Allocation):
    """Shares removed of each layer, as somebody chose them.

    At the level that the named layers' shares add up to, layers give exactly these shares. Below it all shares scale
    down in proportion; above it what is kept does. Layers that are not named lose the network's share at every level.
    """

    name = "by_hand"
    label = "By hand"
    summary = "Shares of your own for each layer; other levels scale the table."
    rank = 50

    shares: dict[str, Annotated[int, Field(ge=0, le=1000)]] = Field(
        default_factory=dict,
        description="Layer by layer, the share removed in per mille; layers not named lose the network's share.",
    )

    def removed(self, budget: Budget) -> np.ndarray:
        return follow(budget, self.shares)


def labels(budget: Budget) -> tuple[str, ...]:
    """Names of the groups as people read them: of the layer that leads each."""
    from pruning.network.weights import layer_label

    return tuple(layer_label(budget.layout.groups[name].leads) for name in budget.names)


def follow(budget: Budget, shares: Mapping[str, int]) -> np.ndarray:
    """Units removed ``(groups, levels)`` on the path through a table of shares (per mille, by layer).

    Raises:
        UnknownName: the table names a layer that this network does not have; the message lists those it has.
    """
    import numpy as np

    from pruning.common.errors import UnknownName

    known = labels(budget)
    for name in shares:
        if name not in known:
            raise UnknownName("layer", name, known)
    named = np.array([name in shares for name in known])
    kept = 1 - np.array([[shares.get(name, 0)] for name in known]) / 1000
    turn = float((kept[:, 0] * budget.sizes)[named].sum() / max(budget.sizes[named].sum(), 1))

    def density(t: np.ndarray) -> np.ndarray:
        above = kept * (t / turn) if turn > 0 else np.zeros_like(kept) * t
        below = 1 - (1 - kept) * ((1 - t) / (1 - turn)) if turn < 1 else np.ones_like(kept) * t
        return np.where(named[:, None], np.where(t < turn, above, below), t)

    return budget.fill(density)
