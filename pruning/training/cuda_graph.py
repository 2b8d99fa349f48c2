"""A CUDA graph: what some hundred small launches do, launched at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pruning.common.errors import reason

log = logging.getLogger(__name__)

WARM = 3
"""Calls before one is captured: libraries choose their kernels and take their memory in these."""


class GraphReplay:
    """A function of tensors, whose shapes stay and which returns nothing; captured where that can be done.

    It must read and write the same tensors at each call, and never wait for the device.
    """

    def __init__(self, work: Callable[..., None]) -> None:
        self.work, self.calls = work, 0
        self.inputs: tuple[Tensor, ...] = ()
        self.graph: Any = None

    def __call__(self, *inputs: Tensor) -> None:
        self.calls += 1
        if self.calls == WARM + 1:
            self.inputs = tuple(one.clone() for one in inputs)
            self.graph = captured(self.work, self.inputs)
        if self.graph is not None:
            for own, given in zip(self.inputs, inputs, strict=True):
                own.copy_(given)
            self.graph.replay()
        elif self.calls <= WARM:
            aside(self.work, inputs)
        else:
            self.work(*inputs)


def aside(work: Callable[..., None], inputs: tuple[Tensor, ...]) -> None:
    """On a stream of its own, as PyTorch's notes on CUDA graphs ask of what is captured later."""
    here, side = torch.cuda.current_stream(), torch.cuda.Stream()
    side.wait_stream(here)
    with torch.cuda.stream(side):
        work(*inputs)
    here.wait_stream(side)


def captured(work: Callable[..., None], inputs: tuple[Tensor, ...]) -> Any:
    """The graph of a call, which is not carried out; None where it cannot be captured."""
    graph = torch.cuda.CUDAGraph()
    try:
        # Other threads of a worker may ask the device for its free memory meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work(*inputs)
    except RuntimeError as error:
        log.warning("No CUDA graph (%s): each step is launched piece by piece.", reason(error))
        return None
    return graph
