"""What a network's file says of what it takes and gives."""

from __future__ import annotations

import json
from typing import Any

from pruning.common.errors import PruningError
from pruning.state import State
from pruning.zoo.kinds import datasets, models


def takes(state: State) -> dict[str, Any]:
    """``input_shape``, ``preprocessing`` (how a picture becomes an input: as the network's authors say it, else as its
    data set does; empty where that is not known) and ``classes`` (names, empty where they are not known)."""
    base = state.base
    names = datasets[base.data_name].classes if base.data_name and base.task.classes else ()
    known = len(names) == models[base.model].classes
    return {
        "input_shape": list(base.input_shape),
        "preprocessing": _preprocessing(state),
        "classes": list(names) if known else [],
    }


def _preprocessing(state: State) -> dict[str, Any]:
    from pruning.zoo.data import load

    found = models[state.base.model].preprocessing
    if found is not None:
        return found.said()
    try:
        split = load(state.base.data_name, "test") if state.base.data_name else None
    except PruningError:
        return {}
    known = {name: list(getattr(split, name, None) or ()) for name in ("mean", "std")}
    return {**known, "colours": "from 0 to 1"} if all(known.values()) else {}


def noted(data: bytes, facts: dict[str, Any]) -> bytes:
    """An ONNX file with facts in its metadata, as JSON; ``session.get_modelmeta().custom_metadata_map`` has them."""
    import onnx

    proto = onnx.load_from_string(data)
    onnx.helper.set_model_props(proto, {name: json.dumps(value) for name, value in facts.items()})
    return proto.SerializeToString()
