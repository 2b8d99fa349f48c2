"""Which devices are on this machine."""

from __future__ import annotations

import torch

from pruning.common.errors import Missing


def present_devices() -> list[str]:
    """Names of the devices that are really there, the CPU first."""
    found = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    return [*found, "mps"] if torch.backends.mps.is_available() else found


def device_labels(names: list[str]) -> list[str]:
    """The devices for people: a GPU by its maker's name, and by its own, too, where there are several."""
    several = sum(name.startswith("cuda") for name in names) > 1

    def label(name: str) -> str:
        if not name.startswith("cuda"):
            return name.upper()
        return f"{torch.cuda.get_device_name(name)} ({name})" if several else torch.cuda.get_device_name(name)

    return [label(name) for name in names]


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
