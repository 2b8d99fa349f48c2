"""A pruned network in the form it came in: its state dict, under the same keys, and its masks beside it."""

from __future__ import annotations

import io
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

from pruning.compression.files import file


def state_dict_file(model: nn.Module, container: tuple[str, ...] = (), prefix: str = "") -> bytes:
    """The network's state dict as ``torch.save`` writes it, on the CPU: ``model.load_state_dict(torch.load(path))`` of
    the person's own code takes it, unless shapes have changed. Tied tensors stay tied.

    Args:
        container: keys under which it is to lie, the outermost first.
        prefix: what is to stand before each name.
    """
    moved: dict[int, Tensor] = {}
    state: OrderedDict[str, Tensor] = OrderedDict()
    for name, tensor in model.state_dict().items():
        place = (tensor.data_ptr(), tuple(tensor.shape), tensor.stride()) if tensor.numel() else id(tensor)
        key = hash(place)
        state[prefix + name] = moved.setdefault(key, tensor.detach().cpu().contiguous())
    held: dict[str, Any] = state
    for key in reversed(container):
        held = {key: held}
    data = io.BytesIO()
    torch.save(held, data)
    return data.getvalue()


def masks_file(masks: dict[str, Tensor]) -> bytes:
    """Masks by the names of their parameters, as safetensors: bool, True = kept; entries that are 0 stay 0 if training
    multiplies each weight by its mask."""
    return file({name: mask.cpu().contiguous() for name, mask in masks.items()}, {"format": "pt", "kept": "true"})
