"""Penalties that push whole channels towards zero while training, so that pruning them afterwards costs little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.training.kinds import Dynamics, dynamics

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.training.session import Session


@dynamics.register
class GroupLasso(Dynamics):
    name = "group_lasso"
    label = "Group lasso (channels)"
    summary = "Adds the filters' Euclidean norms to the loss: whole filters shrink. Prune channels afterwards."
    reference = "Wen et al. 2016, Structured Sparsity Learning, equation 3"
    rank = 50

    strength: float = Field(1e-4, gt=0, le=1, description="Weight of the penalty in the loss.")

    def penalty(self, session: Session) -> Tensor | None:
        from math import sqrt

        total = None
        for weight in list(session.weights.values())[:-1]:  # the classes are no channels: nothing prunes them
            flat = weight.flatten(1)
            # Groups weigh by the root of their size (Yuan & Lin 2006); a tiny number keeps the slope finite at 0.
            term = sqrt(flat.shape[1]) * (flat.square().sum(1) + 1e-12).sqrt().sum()
            total = term if total is None else total + term
        return None if total is None else self.strength * total


@dynamics.register
class Slimming(Dynamics):
    name = "slimming"
    label = "Network slimming (BatchNorm scales)"
    summary = "Adds the sum of |gamma| of all BatchNorm layers to the loss; then prune channels by BatchNorm scale."
    reference = "Liu et al. 2017, Network Slimming, equation 1"
    rank = 51
    norm = True
    criterion = "batch_norm_scale"

    strength: float = Field(1e-4, gt=0, le=1, description="Weight of the penalty in the loss.")

    def penalty(self, session: Session) -> Tensor | None:
        from torch import nn

        from pruning.common.errors import Incompatible

        norms = [m.weight for m in session.model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        scales = [weight for weight in norms if weight is not None]
        if not scales:
            raise Incompatible(f"{session.state.base.model} has no BatchNorm scales to slim: choose group lasso.")
        return self.strength * sum((weight.abs().sum() for weight in scales), scales[0].new_zeros(()))
