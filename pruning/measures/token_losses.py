"""Which tokens of a text suffer: each one's loss, dense and pruned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class TokenLosses(Measure):
    """One window of the test text, token by token.

    Result: ``tokens`` (texts, all but the window's first), ``nats`` and ``dense_nats`` (loss of each).
    """

    name = "token_losses"
    label = "Losses of tokens"
    summary = "How much each token of a window of text surprises the pruned network, and the dense one."

    window: int = Field(0, ge=0, le=100_000, description="Which window of the test text.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch
        from torch.nn import functional as F

        from pruning.common.errors import Incompatible
        from pruning.network.passes import like
        from pruning.zoo.match import split_of

        if not state.base.task.any_data:
            raise Incompatible(f"{state.base.model} is for {state.base.task.label.lower()}: it reads no text.")
        split: Any = split_of(state.base, "test")
        place = min(self.window, len(split) - 1)
        ids, _ = split.batch(place, place + 1)
        ends = split.ends[place].tolist()
        result: dict[str, Any] = {
            "tokens": [split.content[start:stop] for start, stop in zip(ends, ends[1:], strict=False)]
        }
        with torch.inference_mode():
            for name, net in (("nats", state.model), ("dense_nats", state.start.model)):
                outputs = state.base.task.forward(net.eval(), like(net, ids))[0, :-1].float().cpu()
                losses = F.cross_entropy(outputs, ids[0, 1:], reduction="none")
                result[name] = [round(value, 3) for value in losses.tolist()]
        return result
