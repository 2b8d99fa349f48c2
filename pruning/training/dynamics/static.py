"""Static masks: what is removed stays removed."""

from __future__ import annotations

from pruning.training.kinds import Dynamics, dynamics


@dynamics.register
class Static(Dynamics):
    name = "static"
    label = "Masks stay as they are"
    summary = "Plain training, or fine-tuning after pruning: removed weights stay zero."
    reference = "Han et al. 2015"
    rank = 10
