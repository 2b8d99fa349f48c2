"""What goes with a network's file: what it takes and gives, how it was made, and what was measured of it."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pruning.common.environment import machine
from pruning.common.errors import PruningError
from pruning.common.progress import Desk
from pruning.measures.quality import Quality
from pruning.zoo.kinds import datasets, models

if TYPE_CHECKING:
    from torch import nn

    from pruning.state import State

COUNT = 1000
"""Test examples on which a file's quality is measured, from the start of the split."""


def facts(state: State, desk: Desk, delivered: nn.Module | None = None) -> dict[str, Any]:
    """All of it as JSON: ``model``, ``name``, ``task``, ``input_shape``, ``classes`` (names, where known),
    ``preprocessing``, ``recipe`` and ``steps`` (in words); ``parameters``, ``prunable`` weights, and of these those
    that are ``nonzero``; ``measured`` (``name``, ``value``, ``dense``, ``better``, ``count``, ``split``, ``data``,
    ``device``, ``machine``; None where there is no data), ``versions``.

    Args:
        delivered: the network in the file, where it is another than the state's: one without the masked units.
    """
    from pruning.network.weights import prunable

    base = state.base
    entry = models[base.model]()
    model = state.model if delivered is None else delivered
    weights = {name: weight.detach() for name, weight in prunable(model).items()}
    return {
        "model": entry.label,
        "name": base.model,
        "task": base.task.name,
        "input_shape": list(base.input_shape),
        "classes": _classes(state),
        "preprocessing": _preprocessing(state),
        "recipe": [step.model_dump(mode="json") for step in state.recipe],
        "steps": [step.words() for step in state.recipe],
        "parameters": sum(p.numel() for p in model.parameters()),
        "prunable": sum(w.numel() for w in weights.values()),
        "nonzero": sum(int(w.count_nonzero()) for w in weights.values()),
        "measured": _measured(state, desk),
        "versions": {"python": platform.python_version(), "torch": metadata.version("torch")},
    }


def _classes(state: State) -> list[str]:
    """Names of the outputs in their order; none where they are no classes, or more than the names that are known."""
    entry = models[state.base.model]
    if not state.base.task.classes:
        return []
    if entry.class_names:
        return list(entry.class_names)
    data = state.base.data_name
    names = datasets[data].classes if data else ()
    return list(names) if len(names) == entry.classes else []


def _preprocessing(state: State) -> dict[str, Any]:
    """How a picture becomes an input: as the network's authors say it, else as its data set does."""
    found = models[state.base.model].preprocessing
    if found is not None:
        return found.said()
    try:
        from pruning.zoo.data import load

        split = load(state.base.data_name, "test") if state.base.data_name else None
    except PruningError:
        return {}
    known = [list(getattr(split, name, None) or ()) for name in ("mean", "std")]
    return {"mean": known[0], "std": known[1], "colours": "from 0 to 1"} if all(known) else {}


def _measured(state: State, desk: Desk) -> dict[str, Any] | None:
    """The task's own number on the first test examples; None where there are none for this network."""
    try:
        value = Quality(count=COUNT).measure(state, desk)
    except PruningError:
        return None
    data = datasets[state.base.data_name or ""].label
    about = {"data": data, "device": state.base.device, "machine": machine()}
    named = {"name": value["measured"], "value": value["quality"], "dense": value["dense_quality"]}
    return named | {key: value[key] for key in ("better", "count", "split")} | about
