"""Files that are no weights: what they are instead, and what to do, in words of our own.

torch's own message for a pickled model advises to load it without its guard, which would run whatever is in the file.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from torch import Tensor

from pruning.common.errors import reason

SAVE = "save the state dict alone: torch.save(model.state_dict(), 'weights.pth')"
WHOLE = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights")
"""Under these names a checkpoint of a training keeps the network among other things."""


def unread(path: Path, error: BaseException) -> tuple[str, str]:
    """Why a file of weights cannot be read, and what would be right; empty where only a good copy helps."""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return reason(error), ""
    head = start.lstrip().lower()
    if not start:
        return "it is empty", ""
    if head.startswith(b"<"):
        return "it is a web page, not weights: the server answered with a page, of a login, say", ""
    if head.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS, not the file itself: fetch it with 'git lfs pull'", ""
    if head.startswith((b'{"', b"{\n")) or b'{"' in start[8:10]:
        return "it is no file of torch.save, and looks like safetensors or JSON", SAVE
    text = str(error)
    if "TorchScript" in text or "torch.jit" in text:
        return "it holds a network that TorchScript compiled", SAVE
    if isinstance(error, pickle.UnpicklingError) and "weights_only" in text and "operand" not in text:  # a true pickle
        return "it holds more than tensors, a whole pickled model, say, which could run anything when it is read", SAVE
    return reason(error) if "weights_only" not in text else "its content is damaged", ""


def states(content: Any) -> tuple[dict[str, Tensor] | None, str]:
    """The tensors by name in what a file holds, or None and what it holds instead."""
    if not isinstance(content, dict):
        return None, f"it holds a {type(content).__name__}"
    if all(isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()) and content:
        return content, ""
    inner = next((name for name in WHOLE if isinstance(content.get(name), dict)), None)
    if inner is not None:
        return None, f"the network lies in it under '{inner}', beside other things"
    return None, "it holds other things than tensors by name"
