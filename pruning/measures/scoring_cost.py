"""What does a scorer cost? Seconds to score one network, on this machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State

QUICK = 0.5
"""A run of fewer seconds is repeated."""
REPEATS = 3
LEVEL = 800
"""The sparsity (per mille) at which a solver is timed; a ranking has one cost for all levels."""


@measures.register
class ScoringCost(Measure):
    """Time to score the state's network once, in the first granularity that goes with the scorer; reading the images
    and one pass to warm up are not counted.

    Result: ``seconds``, the least of ``repeats`` runs; ``units`` scored; ``images`` of the sample, or None;
    ``machine``. For a solver: the time to find the masks at 80 %. Where the scorer does not apply to this network,
    ``seconds`` is None and ``refused`` says why.
    """

    name = "scoring_cost"
    label = "Cost of scoring"
    summary = "Seconds that a scorer takes on this network, on this machine."
    pure = False

    scorer: str = Field("magnitude_l1", description="Which scorer.", json_schema_extra={"registry": "scorers"})

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.common.environment import machine
        from pruning.common.errors import BadTensor, BadValue, Incompatible

        about: dict[str, Any] = {"machine": machine(), "seconds": None, "repeats": 0}
        try:
            return about | self._timed(state, desk)
        except (BadTensor, BadValue, Incompatible) as error:
            return about | {"refused": str(error)}

    def _timed(self, state: State, desk: Desk) -> dict[str, Any]:
        from dataclasses import replace

        import torch

        from pruning.common.errors import Incompatible
        from pruning.criteria.compatibility import allocations_for, granularities_for
        from pruning.criteria.counts import budgeted
        from pruning.criteria.kinds import Scorer, Solver, allocations, granularities, scorers
        from pruning.steps.prune import Prune

        granularity = granularities_for(self.scorer)[0]
        step = Prune(
            scorer=self.scorer,
            granularity=granularity,
            allocation=allocations_for(self.scorer, granularity)[0],
        ).at(LEVEL)
        criterion, unit = scorers[self.scorer](), granularities[granularity]()
        bare = state.scene(desk.progress, step.seed)
        scene = replace(bare, layout=unit.layout(bare))
        assert scene.layout is not None
        if not scene.layout.groups:
            why = scene.layout.why()
            raise Incompatible(f"{state.base.model} has nothing to prune as {unit.label.lower()}: {why}.")
        device = next(state.model.parameters()).device
        if criterion.needs != "weights":
            images, _ = scene.sample(10)
            with torch.inference_mode():
                state.model(images)
        removed: dict[str, int] = {}
        if isinstance(criterion, Solver):
            table = budgeted(scene, unit, allocations[step.allocation](), {}).removed
            removed = {name: int(row[LEVEL]) for name, row in zip(scene.layout.groups, table, strict=True)}
        runs: list[float] = []
        while len(runs) < REPEATS and (not runs or runs[0] < QUICK):
            began = time.perf_counter()
            if isinstance(criterion, Solver):
                criterion.solve(scene, removed)
            elif isinstance(criterion, Scorer):
                criterion.score(scene)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            runs.append(time.perf_counter() - began)
        return {
            "seconds": min(runs),
            "repeats": len(runs),
            "units": sum(group.count for group in scene.layout.groups.values()),
            "images": getattr(criterion, "samples", None),
        }
