"""Do the scorers agree? Rank correlation of their scores, and overlap of what they remove, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.entries import Desk, Measure, Progress
from pruning.lru import Recent
from pruning.registry import measures

if TYPE_CHECKING:
    import numpy as np

    from pruning.ranking import Ranking
    from pruning.specs import Prune
    from pruning.state import State

MOST = 1_000_000
"""Units that are compared; of a larger network so many are drawn, evenly over the whole of it."""
DIGITS = 4


@measures.register
class Agreement(Measure):
    """Every pair of rankings on one network, at the level of the last pruning step, whose granularity, reduction and
    allocation all of them share. Units that were masked before that step are left out.

    Result: ``scorers``; ``skipped``, scorers that do not apply here, each with its sentence; ``unit``, the noun;
    ``layers``, their ``units`` and how many of them were ``compared``; ``level``. Then three lists whose first entry
    is the whole network and whose others are the layers: ``removed`` ``(scorers,)`` counts among the compared units;
    ``spearman`` ``(scorers, scorers)``, the correlation of ranks, ties averaged, None where a scorer gives all units
    the same score; ``jaccard`` ``(scorers, scorers)``, units that both remove over units that either removes, None
    where neither removes any. The network's rank correlation is that of one ranking over all layers.
    """

    name = "agreement"
    label = "Agreement of scorers"
    summary = "Rank correlation and overlap of the removed units, for each pair of scorers."

    scorers: tuple[str, ...] = Field(
        (), description="Names of scorers; none: all that rank this granularity, but controls made of another scorer."
    )
    samples: int = Field(500, ge=10, le=50_000, description="Training images for the scorers that take a sample.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.keys import digest

        before, step = last_prune(state)
        names = self.scorers or rankings_for(step)
        key = digest(before.key, step.criterion(), names, self.samples)
        kept = _memory.get(key)
        if kept is None:
            kept = _memory.put(key, self._compare(before, step, tuple(names), desk))
        return kept.result(step.sparsity)

    def _compare(self, before: State, step: Prune, names: tuple[str, ...], desk: Desk) -> Comparison:
        """All rankings, one after another; what there is so far is told after each."""
        from pruning import registry
        from pruning.criterion import plan
        from pruning.errors import Cancelled, PruningError

        found = Comparison(step.seed)
        for number, name in enumerate(names):
            label = registry.scorers[name].label

            desk.progress(number, len(names), label, found.result(step.sparsity) if len(found.first) > 1 else None)
            try:
                made = plan(before, rival(step, name, self.samples), _within(desk.progress, number, len(names)))
                if made.ranking is None:
                    found.skipped[name] = f"{label} is a solver: it gives masks, and ranks nothing."
                else:
                    found.unit, leads = made.noun, [group.leads for group in made.layout.groups.values()]
                    found.add(name, made.ranking, leads)
            except Cancelled:
                raise
            except PruningError as error:
                found.skipped[name] = str(error)
        return found


def _within(progress: Progress, number: int, count: int) -> Progress:
    """Progress of one scorer as a part of all of them."""

    def inner(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        progress(number + (done / total if total else 0.0), count, note)

    return inner


@dataclass
class Comparison:
    """Ranks of all scorers on the compared units, and the level from which on each removes a unit."""

    seed: int
    unit: str = "weights"
    skipped: dict[str, str] = field(default_factory=dict)
    layers: list[str] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    first: dict[str, np.ndarray] = field(default_factory=dict)
    _ranks: list[list[np.ndarray]] = field(default_factory=list)
    _chosen: np.ndarray | None = None
    _parts: list[slice] = field(default_factory=list)

    def add(self, name: str, ranking: Ranking, leads: list[str]) -> None:
        """Take in one ranking; all have the same units."""
        import numpy as np

        from pruning.ranking import MASKED
        from pruning.state import layer_label

        scores = np.concatenate([score.cpu().numpy().ravel() for score in ranking.scores.values()])
        if self._chosen is None:
            self.layers, self.units = [layer_label(lead) for lead in leads], ranking.sizes.tolist()
            chosen = np.flatnonzero(scores != MASKED)
            if len(chosen) > MOST:
                chosen = np.sort(np.random.default_rng(self.seed).choice(chosen, MOST, replace=False))
            ends = np.searchsorted(chosen, np.cumsum([0, *self.units])).tolist()
            self._chosen = chosen
            self._parts = [slice(0, len(chosen)), *(slice(a, b) for a, b in zip(ends, ends[1:], strict=False))]
        levels = np.concatenate([level.ravel() for level in ranking.first_levels().values()])
        self.first[name] = levels[self._chosen].astype(np.int16)
        scores = scores[self._chosen]
        self._ranks.append([_standardised(scores[part]) for part in self._parts])

    def result(self, level: int) -> dict[str, Any]:
        """The measure's result at a level, on the scorers that were taken in so far."""
        import numpy as np

        gone = np.stack(list(self.first.values())) <= level if self.first else np.zeros((0, 0), bool)
        removed, spearman, jaccard = [], [], []
        for number, part in enumerate(self._parts):
            # float32 counts exactly up to 2^24, and a part has at most MOST units.
            sets = gone[:, part].astype(np.float32)
            both, sizes = sets @ sets.T, sets.sum(1)
            either = sizes[:, None] + sizes[None] - both
            removed.append(sizes.astype(int).tolist())
            jaccard.append(_listed(np.divide(both, either, out=np.full_like(both, np.nan), where=either > 0)))
            ranks = np.stack([ranks[number] for ranks in self._ranks])
            spearman.append(_listed(np.clip(ranks @ ranks.T, -1.0, 1.0)))
        return {
            "scorers": list(self.first), "skipped": dict(self.skipped), "unit": self.unit, "level": level,
            "layers": self.layers, "units": self.units,
            "compared": [part.stop - part.start for part in self._parts[1:]],
            "removed": removed, "spearman": spearman, "jaccard": jaccard,
        }  # fmt: skip


_memory: Recent[Comparison] = Recent(2)
"""A level more asks for no scoring."""


def last_prune(state: State) -> tuple[State, Prune]:
    """The network before the last pruning step, and that step.

    Raises:
        Incompatible: the recipe prunes nothing.
    """
    from pruning.errors import Incompatible
    from pruning.specs import Prune

    here: State | None = state
    while here is not None and here.parent is not None:
        if isinstance(here.step, Prune):
            return here.parent, here.step
        here = here.parent
    raise Incompatible("Scorers are compared under a pruning step, and this recipe has none.")


def rankings_for(step: Prune) -> tuple[str, ...]:
    """Scorers that rank the step's units, without controls that are made of another scorer; the step's own always."""
    from pruning import registry
    from pruning.compatibility import fits
    from pruning.criteria import Scorer
    from pruning.options import option_list

    def plain(name: str) -> bool:
        return not any(option["registry"] for option in option_list(registry.scorers[name]))

    return tuple(
        name
        for name in registry.scorers.names()
        if issubclass(registry.scorers[name], Scorer)
        and ((name == step.scorer) or (plain(name) and fits(name, step.granularity) is None))
    )


def rival(step: Prune, name: str, samples: int) -> Prune:
    """The same step by another scorer; the step's own scorer keeps its options."""
    from pruning import registry
    from pruning.specs import Prune

    if name == step.scorer:
        return step
    options = {"samples": samples} if "samples" in registry.scorers[name].model_fields else {}
    return Prune.model_validate(step.model_dump() | {"scorer": name, "options": options})


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 in ascending order, float64 of the values' shape ``(n,)``; of values that tie, their mean rank."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(values) else np.zeros(0, np.int64)
    ends = np.append(starts[1:], len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((starts + 1 + ends) / 2, ends - starts)
    return ranks


def _standardised(values: np.ndarray) -> np.ndarray:
    """Ranks around their mean, of length one, so that a scalar product is a correlation; NaN where all values tie."""
    import numpy as np

    ranks = average_ranks(values)
    ranks -= ranks.mean() if len(ranks) else 0.0
    length = np.sqrt(ranks @ ranks)
    return ranks / length if length > 0 else np.full(len(ranks), np.nan)


def _listed(matrix: np.ndarray) -> list[list[float | None]]:
    """JSON-ready: rounded, None in place of NaN."""
    return [[None if value != value else round(value, DIGITS) for value in row] for row in matrix.tolist()]
