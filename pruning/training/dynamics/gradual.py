"""Gradual pruning: sparsity grows along a cubic curve while the network trains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.levels import LEVELS
from pruning.training.kinds import Dynamics, dynamics

if TYPE_CHECKING:
    from pruning.training.session import Session


@dynamics.register
class Gradual(Dynamics):
    name = "gradual"
    label = "Gradual pruning"
    summary = "Sparsity grows along Zhu and Gupta's cubic curve, fast first, each time with fresh scores."
    reference = "Zhu & Gupta 2017, To prune, or not to prune, equation 1"
    rank = 20

    final: int = Field(900, ge=1, le=999, description="Sparsity at the end (per mille).")
    start: float = Field(0.0, ge=0, lt=1, description="Share of the training before pruning starts.")
    end: float = Field(0.7, gt=0, le=1, description="Share of the training at which the final sparsity is reached.")
    every: int = Field(20, ge=1, le=10_000, description="Steps between two prunings.")
    scorer: str = Field(
        "magnitude_l1", json_schema_extra={"registry": "scorers"}, description="The criterion, with its own defaults."
    )
    allocation: str = Field("global", json_schema_extra={"registry": "allocations"}, description="Global or per layer.")

    def after(self, session: Session) -> None:
        from pruning.training.schedules import zhu_gupta

        first, last = self.start * session.total, max(self.end * session.total, 1)
        done = session.step + 1
        if done < first or (done % self.every and done < last) or session.memory.get("gradual_level", 0) >= self.final:
            return
        initial = session.memory.setdefault("gradual_from", session.level())
        share = zhu_gupta((done - first) / max(last - first, 1), self.final / LEVELS, initial / LEVELS)
        level = self.final if done >= last else round(LEVELS * share)

        def progress(*_: Any) -> None:
            """Scoring counts images: what is reported stays the steps of the training."""
            session.progress(session.step, session.total, f"scoring, step {done:,} of {session.total:,}")

        level = max(level, session.memory.get("gradual_level", 0))
        replace(session, progress=progress).prune(self.scorer, self.allocation, level)
        session.memory["gradual_level"] = level
