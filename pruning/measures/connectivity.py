"""Linear mode connectivity: is the straight line between two trainings of one start free of a barrier?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Connectivity(Measure):
    """Error along the line between this network and its sibling, trained from the same start on another data order.

    Frankle et al. 2020, Linear Mode Connectivity and the Lottery Ticket Hypothesis, section 2: the barrier is the
    highest error on the line minus the mean of its two ends; a network is stable to SGD noise where it is below 2 %.
    Norm statistics on the line are measured anew from training images, as interpolated ones mean nothing.

    Result: ``places`` (0 = this network, 1 = its sibling), ``errors`` (shares, 0..1), ``barrier``, ``count`` images
    and ``split``.
    """

    name = "connectivity"
    label = "Linear mode connectivity"
    summary = "Error on the straight line between two trainings of the same start."

    seed: int = Field(1000, ge=0, lt=2**31, description="Seed of the sibling's data order.")
    points: int = Field(11, ge=3, le=101, description="Networks on the line, both ends among them.")
    split: Literal["train", "validation", "test"] = Field("validation", description="On which images.")
    count: int = Field(2_000, ge=1, le=1_000_000, description="Images, from the start of the split.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.common.errors import Incompatible
        from pruning.common.hashing import digest
        from pruning.measures.tools.predictions import predict
        from pruning.network.weights import has_batch_norm
        from pruning.steps.recalibrate import Recalibrate
        from pruning.steps.train import Train

        if not isinstance(state.step, Train) or state.parent is None:
            raise Incompatible("Linear mode connectivity needs a recipe that ends in a training.")
        if self.seed == state.step.seed:
            raise Incompatible(f"The sibling needs another data order: seed {self.seed} is this network's own.")
        other = state.step.model_copy(update={"seed": self.seed})
        key = digest("sibling", state.key, self.seed)
        sibling = state.parent.after(other, key, desk.progress)
        ends = [{n: t.clone() for n, t in one.model.state_dict().items()} for one in (state, sibling)]
        places = [i / (self.points - 1) for i in range(self.points)]
        errors = []
        for number, place in enumerate(places):
            desk.progress(number, len(places), "networks on the line")
            between = state.next(digest(key, "between", number))
            between.model.load_state_dict({n: _between(a, ends[1][n], place) for n, a in ends[0].items()})
            if has_batch_norm(between.model) and 0 < place < 1:
                between = between.after(Recalibrate(), digest(key, "line", number), desk.progress)
            *_, last = predict(between, self.split, self.count, desk)
            errors.append(1 - int(last.right.sum()) / len(last))
        barrier = max(errors) - (errors[0] + errors[-1]) / 2
        return {"places": places, "errors": errors, "barrier": barrier, "count": len(last), "split": self.split}


def _between(one: Any, other: Any, place: float) -> Any:
    """A point on the line; counters and flags are those of the first end."""
    return one + (other - one) * place if one.is_floating_point() else one
