"""A copy of a network to try things on, and what each of its modules is called with."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pruning.common.hashing import digest
from pruning.common.limits import WORKER_LAYOUTS
from pruning.common.memory import Recent
from pruning.network.groups.identity import architecture
from pruning.network.inputs import drawn
from pruning.network.units import Layout

_layouts: Recent[Layout] = Recent(WORKER_LAYOUTS, "layouts")


@dataclass
class Trial:
    """A copy on the CPU in float32 and eval mode, with random weights and norm statistics, and random images.

    Attributes:
        model: the copy; free to be changed.
        images: ``(2, channels, height, width)``.
        names: for each parameter of the copy, by identity, its first name.
        modules: all modules of the copy.
    """

    model: nn.Module
    images: Tensor
    names: dict[int, str]
    modules: set[nn.Module]

    @classmethod
    def of(cls, model: nn.Module, input_shape: tuple[int, ...]) -> Trial:
        """The same copy for every set of weights of an architecture; torch's own generators are not drawn from."""
        with torch.inference_mode(False), torch.no_grad():
            twin = copy.deepcopy(model).to("cpu", torch.float32).eval()
            generator = torch.Generator().manual_seed(0)
            for module in twin.modules():
                for name, p in module.named_parameters(recurse=False):
                    _fill(p, name, generator)
                if isinstance(module, nn.modules.batchnorm._NormBase) and module.running_var is not None:
                    assert module.running_mean is not None
                    module.running_mean.normal_(0, 0.1, generator=generator)
                    module.running_var.uniform_(0.5, 1.5, generator=generator)
            for p in twin.parameters():
                p.requires_grad_(True)
            images = drawn(twin, input_shape, 2, generator)
        return cls(twin, images, {id(p): name for name, p in twin.named_parameters()}, set(twin.modules()))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter."""
        return {name: tuple(p.shape) for name, p in self.model.named_parameters()}

    def calls(self, wanted: Callable[[nn.Module], bool]) -> dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]]:
        """Arguments of each call of the wanted modules while the images pass, in the order of their first calls."""
        found: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {}

        def note(name: str) -> Callable[..., None]:
            def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
                kept = tuple(arg.clone() if isinstance(arg, Tensor) else arg for arg in args)
                found.setdefault(name, []).append((kept, kwargs))

            return hook

        hooks = [
            module.register_forward_pre_hook(note(name), with_kwargs=True)
            for name, module in self.model.named_modules()
            if name and wanted(module)
        ]
        try:
            with torch.no_grad():
                self.model(self.images)
        finally:
            for hook in hooks:
                hook.remove()
        return found


def _fill(p: Tensor, name: str, generator: torch.Generator) -> None:
    """Random values that keep activations finite through a deep network."""
    if p.ndim > 1:
        p.normal_(0, (2 / max(p[0].numel(), 1)) ** 0.5, generator=generator)
    elif name == "weight":
        p.uniform_(0.5, 1.5, generator=generator)
    else:
        p.normal_(0, 0.3, generator=generator)


def remembered(
    kind: str, model: nn.Module, order: tuple[str, ...], input_shape: tuple[int, ...], make: Callable[[], Layout]
) -> Layout:
    """The layout of this kind for this architecture, from memory if this process traced it before.

    An architecture is identified by all of it but the numbers of its parameters; see ``architecture``.
    """
    return _layouts.get_or_make(digest(kind, architecture(model), list(order), list(input_shape)), make)
