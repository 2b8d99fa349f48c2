"""The registry of steps; what a step is stands in ``pruning.common.spec``."""

from __future__ import annotations

from pruning.common.registry import Registry
from pruning.common.spec import Step

steps: Registry[Step] = Registry("step", "pruning.steps")
