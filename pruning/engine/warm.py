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
    importlib.import_module("pruning.study.study")
    importlib.import_module(os.environ.get(TASK, "pruning.study.run"))
with contextlib.suppress(Exception):
    from pruning.criteria.kinds import allocations, granularities, scorers
    from pruning.measures.kinds import measures
    from pruning.zoo.kinds import datasets, models

    for kind in (models, datasets, scorers, granularities, allocations):
        kind.load()
    measures.load()
gc.collect()
gc.freeze()
