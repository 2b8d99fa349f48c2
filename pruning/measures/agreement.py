"""Do the scorers agree? Rank correlation of their scores, and overlap of what they remove, pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.limits import WORKER_COMPARISONS
from pruning.common.memory import Recent
from pruning.common.progress import Desk, Progress
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.measures.tools.overlap import Comparison
    from pruning.state import State
    from pruning.steps.prune import Prune


@measures.register
class Agreement(Measure):
    """Every pair of rankings on one network, at the level of the last pruning step, whose granularity, reduction and
    allocation all of them share. Units that were masked before that step are left out; layers that a scorer leaves
    alone are kept whole by it and enter no correlation with it.

    Result: ``scorers``; ``skipped``, scorers that do not apply here, each with its sentence; ``unit``, the noun;
    ``layers``, their ``units`` and how many of them were ``compared``; ``level``. Then three lists whose first entry
    is the whole network and whose others are the layers: ``removed`` ``(scorers,)`` counts among the compared units;
    ``spearman`` ``(scorers, scorers)``, the correlation of ranks, ties averaged, None where a scorer gives all units
    the same score, or none; ``jaccard`` ``(scorers, scorers)``, units that both remove over units that either
    removes, None where neither removes any. The network's rank correlation is that of one ranking over all layers.
    """

    name = "agreement"
    label = "Agreement of scorers"
    summary = "Rank correlation and overlap of the removed units, for each pair of scorers."

    scorers: tuple[str, ...] = Field(
        (), description="Names of scorers; none: all that rank this granularity, but controls made of another scorer."
    )
    samples: int = Field(500, ge=10, le=50_000, description="Training images for the scorers that take a sample.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.common.hashing import digest
        from pruning.criteria.kinds import granularities

        before, step = last_prune(state)
        names = self.scorers or rankings_for(step)
        key = digest(before.key, step.criterion(), names, self.samples)
        kept = _memory.get_or_make(key, lambda: _nothing_yet(before, step))
        self._compare(kept, before, step, tuple(names), desk)
        return kept.result(step.sparsity) | {"unit": granularities[step.granularity].unit}

    def _compare(self, found: Comparison, before: State, step: Prune, names: tuple[str, ...], desk: Desk) -> None:
        """Makes the rankings that are missing, one after another; the result so far is reported after each."""
        from pruning.common.errors import Cancelled, PruningError
        from pruning.criteria.kinds import scorers as scorer_registry
        from pruning.criteria.plan import plan

        for number, name in enumerate(names):
            if name in found.first or name in found.skipped:
                continue
            label = scorer_registry[name].label
            desk.progress(number, len(names), label, found.result(step.sparsity) if len(found.first) > 1 else None)
            try:
                made = plan(before.scene(_within(desk.progress, number, len(names))), rival(step, name, self.samples))
                if made.ranking is None:
                    found.skipped[name] = f"{label} is a solver: it gives masks, and ranks nothing."
                else:
                    found.add(name, made.ranking)
            except Cancelled:
                raise
            except PruningError as error:
                found.skipped[name] = str(error)


def _nothing_yet(before: State, step: Prune) -> Comparison:
    """The units of the step's granularity, before any scorer ranked them."""
    import torch

    from pruning.criteria.kinds import granularities
    from pruning.criteria.ranking import MASKED
    from pruning.measures.tools.overlap import Comparison
    from pruning.network.weights import layer_label

    scene = before.scene(seed=step.seed)
    layout = granularities[step.granularity](**step.granularity_options).layout(scene)
    zeros = {name: torch.zeros_like(weight, dtype=torch.float32) for name, weight in before.weights.items()}
    units = layout.reduced(zeros, "sum", before.masks, MASKED)
    alive = {name: (unit != MASKED).cpu().numpy() for name, unit in units.items()}
    return Comparison(alive, [layer_label(group.leads) for group in layout.groups.values()], step.seed)


def _within(progress: Progress, number: int, count: int) -> Progress:
    """Progress of one scorer as a part of all of them."""

    def inner(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        progress(number + (done / total if total else 0.0), count, note)

    return inner


_memory: Recent[Comparison] = Recent(WORKER_COMPARISONS, "comparisons")
"""Another level asks for no scoring, and work that was cancelled goes on where it stopped."""


def last_prune(state: State) -> tuple[State, Prune]:
    """The network before the last pruning step, and that step.

    Raises:
        Incompatible: the recipe prunes nothing.
    """
    from pruning.common.errors import Incompatible
    from pruning.steps.prune import Prune

    here: State | None = state
    while here is not None and here.parent is not None:
        if isinstance(here.step, Prune):
            return here.parent, here.step
        here = here.parent
    raise Incompatible("Scorers are compared under a pruning step, and this recipe has none.")


def rankings_for(step: Prune) -> tuple[str, ...]:
    """Scorers that rank the step's units, without controls that are made of another scorer; the step's own always."""
    from pruning.common.options import option_list
    from pruning.criteria.compatibility import fits
    from pruning.criteria.kinds import Scorer
    from pruning.criteria.kinds import scorers as scorer_registry

    def plain(name: str) -> bool:
        return not any(option["registry"] for option in option_list(scorer_registry[name]))

    return tuple(
        name
        for name in scorer_registry.names()
        if issubclass(scorer_registry[name], Scorer)
        and ((name == step.scorer) or (plain(name) and fits(name, step.granularity) is None))
    )


def rival(step: Prune, name: str, samples: int) -> Prune:
    """The same step by another scorer; the step's own scorer keeps its options."""
    from pruning.criteria.kinds import scorers as scorer_registry
    from pruning.steps.prune import Prune

    if name == step.scorer:
        return step
    options = {"samples": samples} if "samples" in scorer_registry[name].model_fields else {}
    return Prune.model_validate(step.model_dump() | {"scorer": name, "options": options})
