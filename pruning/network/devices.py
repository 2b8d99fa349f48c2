"""Which devices are on this machine."""

from __future__ import annotations

import torch

from pruning.common.errors import Missing


def present_devices() -> list[str]:
    """Names of the devices that are really there, the CPU first."""
    found = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    return [*found, "mps"] if torch.backends.mps.is_available() else found


def check_device(device: str) -> torch.device:
    """The torch device of that name.

    Raises:
        Missing: it is not on this machine; the message lists what is.
    """
    present = present_devices()
    name = "cuda:0" if device == "cuda" else device
    if name not in present:
        raise Missing(f"There is no device '{device}' on this machine. Present: {', '.join(present)}.")
    return torch.device(name)
