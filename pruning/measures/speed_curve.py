"""Speed curve: how much faster the network really gets as more and more of it is removed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from pruning.common.levels import in_percent
from pruning.common.progress import Desk
from pruning.measures.kinds import Timing, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class SpeedCurve(Timing):
    """Times of the dense network and of the small ones that the last pruning step leaves at several levels.

    At each level the masked units are really removed; then all networks are timed by turns in one run. Result:
    ``rows``, one per batch size and level, the dense network's with level 0: ``level`` (per mille), ``batch`` (images),
    ``median_ms``, ``low_ms`` and ``high_ms`` (quartiles, milliseconds a pass), ``samples``, and ``faster``,
    ``faster_low`` and ``faster_high``: the dense network's time over this one's in the same round, median and
    quartiles; ``macs`` of one image and ``parameters`` at each level, by its name; ``threads``, ``device``,
    ``clock`` and ``machine``. In float32, in eager mode, with inputs already on the device. Partial results grow by
    batch size.
    """

    name = "speed_curve"
    label = "Speed curve"
    summary = "How much faster the network is without its masked units, from 10 to 90 % removed, on this machine."
    scope = "ranking"

    levels: tuple[Annotated[int, Field(ge=1, le=999)], ...] = Field(
        (100, 200, 300, 400, 500, 600, 700, 800, 900), min_length=1, max_length=20, description="Per mille removed."
    )
    batches: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        (1, 64), min_length=1, max_length=8, description="Images in one pass."
    )
    seconds: float = Field(6.0, gt=0, le=60, description="Time spent at each batch size, at least seven rounds.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch

        from pruning.measures.tools.stopwatch import by_turns, conditions, quartiles, ratios
        from pruning.network.inputs import drawn
        from pruning.network.macs import macs
        from pruning.network.passes import like

        shape, total = state.base.input_shape, len(self.levels) + len(self.batches)
        networks = {0: state.start.model}
        for number, level in enumerate(self.levels):
            desk.progress(number, total, f"removing {in_percent(level)}")
            networks[level] = _without(state, level)
        device = next(state.model.parameters()).device
        found: dict[str, Any] = {
            "rows": [],
            "macs": {str(level): round(macs(model, shape)[1]) for level, model in networks.items()},
            "parameters": {str(level): sum(p.numel() for p in m.parameters()) for level, m in networks.items()},
            **conditions(device),
        }
        for number, batch in enumerate(self.batches, len(self.levels)):
            images = like(state.model, drawn(state.model, shape, batch, torch.Generator().manual_seed(0)))
            note = f"{batch} image{'s' if batch > 1 else ''} a pass"
            works = {str(level): partial(model, images) for level, model in networks.items()}
            times = by_turns(works, self.seconds, device, desk.part(number, total, note))
            found["rows"] += [
                {"level": int(level), "batch": batch, **quartiles(taken), **ratios(times["0"], taken)}
                for level, taken in times.items()
            ]
            desk.progress(number + 1, total, note, {**found, "rows": [*found["rows"]]})
        return found


def _without(state: State, level: int) -> Any:
    """The network that the state's last pruning step leaves at a level, with the masked units removed.

    Raises:
        Incompatible: the recipe prunes nothing, or nothing that can be removed.
    """
    from pruning.common.errors import Incompatible
    from pruning.common.hashing import digest
    from pruning.common.progress import quiet
    from pruning.compression.removal.remove import remove
    from pruning.steps.prune import Prune

    while not isinstance(state.step, Prune):
        if state.parent is None:
            raise Incompatible("A speed curve needs a pruning step in the recipe, whose levels it follows.")
        state = state.parent
    assert state.parent is not None
    step = state.step.at(level)
    return remove(state.parent.after(step, digest(state.parent.key, step.key_part(state.parent.recipe)), quiet)).model
