"""One step, one file: each module has ``apply(step, state, key, progress) -> State`` for the step of its name."""

from __future__ import annotations

import importlib

from pruning.entries import Progress, Shelf
from pruning.specs import Step
from pruning.state import State


def apply(step: Step, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state after one more step; the given state stays as it was."""
    module = importlib.import_module(f"pruning.steps.{step.kind}")
    after: State = module.apply(step, state, key, progress, shelf)
    after.step = step
    return after
