"""Imported once, by the process of which this machine's workers are forked: torch, and what runs studies.

A worker is ready at once then, also one that replaces another, and all of them share this memory. Nothing may be
computed here: threads do not survive a fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os

from pruning.engine.cluster import TASK

with contextlib.suppress(Exception):  # whatever is missing or broken is reported by the task that needs it
    import torch

    torch.set_num_threads(1)
    importlib.import_module("pruning.engine.tasks")
    importlib.import_module("pruning.store")
    importlib.import_module("pruning.specs")
    importlib.import_module(os.environ.get(TASK, "pruning.run"))
with contextlib.suppress(Exception):
    from pruning import registry

    for kind in (registry.models, registry.datasets, registry.scorers, registry.granularities, registry.allocations):
        kind.load()
    registry.measures.load()
gc.collect()
gc.freeze()
