"""Movement pruning: weights that move towards zero while training go, whatever their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.common.levels import LEVELS
from pruning.training.kinds import Dynamics, dynamics

if TYPE_CHECKING:
    from pruning.training.session import Session


@dynamics.register
class Movement(Dynamics):
    name = "movement"
    label = "Movement pruning"
    summary = "Scores gather -w times gradient; the lowest are masked along a cubic curve, and may come back."
    reference = "Sanh et al. 2020, Movement Pruning, equations 2 and 4"
    rank = 30
    revives = True
    own = True

    final: int = Field(900, ge=1, le=999, description="Sparsity at the end (per mille).")
    start: float = Field(0.1, ge=0, lt=1, description="Share of the training before pruning starts.")
    end: float = Field(0.7, gt=0, le=1, description="Share of the training at which the final sparsity is reached.")
    every: int = Field(10, ge=1, le=10_000, description="Steps between two looks at the scores.")

    def begin(self, session: Session) -> None:
        import torch

        for name, weight in session.weights.items():
            session.memory.setdefault(f"score {name}", torch.zeros_like(weight.detach()))
            session.memory.setdefault(f"shadow {name}", weight.detach().clone())
            session.memory.setdefault(f"given {name}", session.masks.get(name, torch.ones_like(weight).bool()).clone())

    def gradients(self, session: Session) -> None:
        for name, weight in session.weights.items():
            if weight.grad is not None:
                # Straight through: the gradient at the masked weight counts for its shadow.
                session.memory[f"score {name}"].sub_(weight.grad * session.memory[f"shadow {name}"])

    def after(self, session: Session) -> None:
        import torch

        from pruning.criteria.ranking import counts
        from pruning.criteria.thresholds import split_globally
        from pruning.training.schedules import zhu_gupta

        self._move_shadows(session)
        done = session.step + 1
        first, last = self.start * session.total, self.end * session.total
        if done < first or (done % self.every and done != session.total):
            return
        level = round(LEVELS * zhu_gupta((done - first) / max(last - first, 1), self.final / LEVELS))
        lowest = torch.finfo(torch.float32).min
        scores = {
            name: torch.where(session.memory[f"given {name}"], session.memory[f"score {name}"].float(), lowest)
            for name in session.weights
        }
        ordered = [score.flatten().sort().values.cpu().numpy() for score in scores.values()]
        import numpy as np

        total = sum(len(part) for part in ordered)
        removed = split_globally(ordered, counts(np.array([level]), total))[:, 0]
        for (name, score), count in zip(scores.items(), removed, strict=True):
            keep = torch.ones(score.numel(), dtype=torch.bool, device=score.device)
            keep[score.flatten().argsort(stable=True)[: int(count)]] = False
            session.masks[name] = keep.view(score.shape) & session.memory[f"given {name}"]
            with torch.no_grad():
                session.weights[name].copy_(session.memory[f"shadow {name}"])

    def _move_shadows(self, session: Session) -> None:
        """Shadows are the kept weights as they are now; masked ones stay as they were (Sanh et al. 2020, section 4)."""
        import torch

        for name, weight in session.weights.items():
            shadow, mask = session.memory[f"shadow {name}"], session.masks.get(name)
            now = weight.detach().clone()
            session.memory[f"shadow {name}"] = now if mask is None else torch.where(mask, now, shadow)
