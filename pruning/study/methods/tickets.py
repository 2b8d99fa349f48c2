"""The lottery ticket experiment and its cells; ``ticket_tables`` has what came of them. No torch.

Frankle & Carbin 2019: is a sparse network, found by iterative magnitude pruning, trainable from its own initial weights
(*ticket*), and does it need just these (*redrawn*: other initial weights under the same mask) and just this mask
(*shuffled*: its own initial weights under a random mask of the same layer densities)?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from pruning.common.levels import LEVELS, in_percent
from pruning.common.spec import Spec
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.methods.recipes import redrawn, shuffled, ticket
from pruning.study.recipe import Recipe
from pruning.study.study import MeasureSpec, Network, Study
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

TRACE, TEST = MeasureSpec(name="trace"), MeasureSpec(name="accuracy")
REDRAW = 1000
"""Added to a seed for the control's other initial weights."""


def levels_of(share: float, rounds: int) -> tuple[int, ...]:
    """Sparsities (per mille) after each round that removes a share (0..1) of the weights still there.

    >>> levels_of(0.2, 4)
    (200, 360, 488, 590)
    """
    found = (round(LEVELS * (1 - (1 - share) ** number)) for number in range(1, rounds + 1))
    return tuple(dict.fromkeys(level for level in found if 0 < level < LEVELS))


class Experiment(Spec):
    """One experiment: a model, how it trains and is pruned, the levels, the seeds."""

    model: str = "lenet_300_100"
    mark: Literal["init", "early"] = "init"
    train: Train = Field(default_factory=Train)
    prune: Prune = Field(default_factory=lambda: Prune(allocation="uniform", allocation_options={"ends": "last_half"}))
    levels: tuple[int, ...] = Field((500, 750, 875, 938, 969), min_length=1)
    seeds: tuple[int, ...] = Field((0, 1, 2), min_length=1)
    device: str = "cpu"

    def cells(self) -> list[TicketCell]:
        """All networks, round by round, so that each one's earlier rounds are trained when its turn comes."""
        found = [self._cell(seed, "dense", 0, ()) for seed in self.seeds]
        for number, level in enumerate(self.levels, 1):
            for arm in self.arms:
                found += [self._cell(seed, arm, level, self.levels[:number]) for seed in self.seeds]
        return found

    def studies(self, parts: int = 1) -> list[tuple[Study, list[TicketCell]]]:
        """The work: one study of all networks, round by round, and its cells; those of a round are trained together
        where that is faster. With ``parts``, the seeds are shared among so many studies, for as many workers."""
        every, found = self.cells(), []
        for part in range(min(parts, len(self.seeds))):
            seeds = self.seeds[part :: min(parts, len(self.seeds))]
            cells = [cell for cell in every if cell.seed in seeds]
            networks = tuple(Network(base=cell.base, recipe=cell.recipe) for cell in cells)
            found.append((Study(networks=networks, measures=(TRACE, TEST)), cells))
        return found

    @property
    def arms(self) -> tuple[str, ...]:
        """What is compared at each level. Other initial weights have no early step: they would start behind."""
        return ("ticket", "redrawn", "shuffled") if self.mark == "init" else ("ticket", "shuffled")

    @property
    def study(self) -> Study:
        """What stands for the whole experiment in a list: the sparsest ticket of its last seed."""
        cell = self._cell(self.seeds[-1], "ticket", self.levels[-1], self.levels)
        return cell.study.model_copy(update={"measures": (TRACE,)})

    def sentence(self) -> str:
        """The experiment in a few words, for lists."""
        seeds, rounds = len(self.seeds), len(self.levels)
        return (
            f"{models[self.model].label}, {seeds} seed{'s' * (seeds > 1)}, {rounds} round{'s' * (rounds > 1)} "
            f"to {in_percent(LEVELS - self.levels[-1])} of the weights"
        )

    def _cell(self, seed: int, arm: str, level: int, levels: tuple[int, ...]) -> TicketCell:
        train = self.train.model_copy(update={"seed": seed})
        recipe = ticket(self.prune, train, levels, self.mark)
        if arm == "redrawn":
            recipe = redrawn(recipe, seed + REDRAW)
        elif arm == "shuffled":
            recipe = shuffled(recipe, seed)
        # Early weights are stored for few seeds: further ones differ in the order of their data alone.
        stored = models[self.model].seeds
        weights = seed if self.mark == "init" or seed in stored else stored[0]
        base = Base(model=self.model, seed=weights, mark=self.mark, device=self.device)
        return TicketCell(seed, arm, level, len(levels) * train.steps, base, recipe)


@dataclass(frozen=True)
class TicketCell:
    """One network of an experiment; ``before``: training steps of its earlier rounds."""

    seed: int
    arm: str
    level: int
    before: int
    base: Base
    recipe: Recipe

    @property
    def study(self) -> Study:
        """What is measured of it: its training, and the test accuracy at the end."""
        return Study(base=self.base, recipe=self.recipe, measures=(TRACE, TEST))

    def row(self, trace: Mapping[str, Any], test: Mapping[str, Any]) -> dict[str, Any]:
        """The row of this network from the values of the measures ``trace`` and ``accuracy``."""
        return {
            "seed": self.seed,
            "arm": self.arm,
            "level": self.level,
            "correct": test["correct"],
            "count": test["count"],
            "early_step": early_step(trace["rows"], self.before),
            "steps": self.recipe[-1].steps if isinstance(self.recipe[-1], Train) else 0,
            "diverged": trace["diverged"],
        }


def early_step(rows: Iterable[Mapping[str, Any]], before: int = 0) -> int | None:
    """The step of the lowest validation loss in the training that began after ``before`` steps; the first of equals."""
    seen = [row for row in rows if row["total"] > before and row.get("validation_loss") is not None]
    return min(seen, key=lambda row: (row["validation_loss"], row["step"]))["step"] if seen else None
