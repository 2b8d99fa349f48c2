"""Quantization-aware training: the network computes with rounded weights, their master copies are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pruning.training.kinds import Dynamics, dynamics

if TYPE_CHECKING:
    from pruning.training.session import Session


@dynamics.register
class Quantized(Dynamics):
    name = "quantized"
    label = "Quantization-aware training"
    summary = "The network computes with rounded weights; full-precision copies take the gradient as if it were theirs."
    reference = "Bengio et al. 2013 (straight-through estimator); Jacob et al. 2018"
    rank = 60

    bits: Literal[2, 3, 4, 5, 6, 8] = Field(4, description="Bits of a weight, as in the step that then quantizes.")
    group: int = Field(0, ge=0, le=4096, description="Inputs that share a scale; 0: all of an output channel.")

    def begin(self, session: Session) -> None:
        for name, weight in session.weights.items():
            session.memory.setdefault(f"master {name}", weight.detach().clone())
            session.memory.setdefault(f"shown {name}", weight.detach().clone())
        self._show(session)

    def after(self, session: Session) -> None:
        # The optimiser moved the rounded weights: by as much, the master copies move.
        for name, weight in session.weights.items():
            master = session.memory[f"master {name}"] + (weight.detach() - session.memory[f"shown {name}"])
            if name in session.masks:
                master = master.masked_fill(~session.masks[name], 0.0)
            session.memory[f"master {name}"] = master
        self._show(session)

    def _show(self, session: Session) -> None:
        """The network's weights become the rounded master copies."""
        import torch

        from pruning.network.number_format import NumberFormat
        from pruning.network.rounding import nearest

        form = NumberFormat.model_validate({"bits": self.bits, "group": self.group})
        for name, weight in session.weights.items():
            values = nearest(session.memory[f"master {name}"], form).values()
            session.memory[f"shown {name}"] = values
            with torch.no_grad():
                weight.copy_(values)
