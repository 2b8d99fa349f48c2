"""What flows through a recipe: a network, its masks, and what it came from."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from pruning.errors import BadTensor, Missing
from pruning.specs import Base, Step

if TYPE_CHECKING:
    from pruning.criterion import Plan
    from pruning.quantization.grid import Format


def prunable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights that may be pruned: those of convolution and linear layers, and of attention projections.

    Biases and norm parameters stay. Tied weights appear once, under their first name. Order: as registered.
    """
    found: dict[str, nn.Parameter] = {}
    seen: set[int] = set()
    for prefix, module in model.named_modules():
        names: tuple[str, ...] = ()
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear):
            names = ("weight",)
        elif isinstance(module, nn.MultiheadAttention):
            names = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
        for name in names:
            weight = getattr(module, name)
            if weight is not None and id(weight) not in seen:
                seen.add(id(weight))
                found[f"{prefix}.{name}" if prefix else name] = weight
    return found


def layer_label(weight: str) -> str:
    """Name of a layer as people read it: the weight's name without its ending."""
    return weight.removesuffix(".weight").removesuffix("_weight")


@dataclass(frozen=True)
class Architecture:
    """How a network differs from the registered one that its base names; its tensors' shapes say the rest.

    Attributes:
        family: name of the model of which it is a smaller relative, where it is a student.
        width, depth: of a student, in per cent.
        heads: number of heads left in each attention module that lost some.
        blocks: modules that were left out: what enters them passes on.
    """

    family: str = ""
    width: int = 100
    depth: int = 100
    heads: dict[str, int] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()

    def without(self, heads: dict[str, int], blocks: tuple[str, ...]) -> Architecture:
        """The same with more taken out."""
        return replace(self, heads=self.heads | heads, blocks=(*self.blocks, *blocks))


@dataclass
class State:
    """A network after the first n steps of a recipe.

    Attributes:
        base: where the recipe started.
        key: name of this state.
        model: the network in eval mode; pruned weights are zero in it.
        masks: for each pruned parameter (biases and norms of removed channels too) a bool tensor, True = kept.
        parent: the state one step before; none at the start.
        step: the step that led here from the parent.
        plan: what the last pruning step decided, for all levels.
        order: names of the prunable weights in forward order.
        trace: one entry per look at a training, over all trainings so far.
        diverged: the step, over all trainings so far, at which one became NaN, if it did.
        formats: how each quantized weight is kept, while the network's weights are on those levels.
        architecture: what the network is, where it is not the base's any more.
    """

    base: Base
    key: str
    model: nn.Module
    order: tuple[str, ...]
    masks: dict[str, Tensor] = field(default_factory=dict)
    parent: State | None = None
    plan: Plan | None = None
    step: Step | None = None
    trace: list[dict[str, Any]] = field(default_factory=list)
    diverged: int | None = None
    formats: dict[str, Format] = field(default_factory=dict)
    architecture: Architecture = field(default_factory=Architecture)

    @property
    def recipe(self) -> tuple[Step, ...]:
        """The steps from the start to here."""
        before = self.parent.recipe if self.parent is not None else ()
        return before if self.step is None else (*before, self.step)

    @property
    def start(self) -> State:
        """The state before the first step."""
        return self if self.parent is None else self.parent.start

    @property
    def weights(self) -> dict[str, Tensor]:
        """The prunable weights, detached, in forward order."""
        found = prunable(self.model)
        return {name: found[name].detach() for name in self.order}

    def next(self, key: str, model: nn.Module | None = None) -> State:
        """The next step's beginning: the same with another network, else with a copy of this one, that may be changed.

        A step that leaves quantized weights on their levels carries ``formats`` over itself.
        """
        model = copy.deepcopy(self.model) if model is None else model
        return replace(self, key=key, model=model, masks=dict(self.masks), parent=self, step=None, formats={})


_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def apply_masks(model: nn.Module, masks: dict[str, Tensor]) -> None:
    """Set the weights to exact zero where their mask is False, in place."""
    found = dict(model.named_parameters(remove_duplicate=False))
    with torch.no_grad():
        for name, mask in masks.items():
            # A product of bits as integers: of numbers, inf * 0 would be NaN, and -1 * 0 a negative zero. It takes a
            # third to a ninth of the time of masked_fill, which branches at each number.
            weight = found[name].detach()
            weight.view(_INTEGERS[weight.element_size()]).mul_(mask.to(weight.device))


def has_batch_norm(model: nn.Module) -> bool:
    """Whether the network keeps running statistics that pruning makes stale."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats for m in model.modules())


NARROW = 16
"""Input channels below which a strided pointwise convolution is not trusted with channels last."""


def narrow(model: nn.Module) -> bool:
    """Whether the network has a strided pointwise convolution of few inputs, as a shortcut is after pruning.

    With channels last, the backward pass of oneDNN, by which torch 2.13 computes it, writes beyond its memory and kills
    the process where there are fewer inputs than a vector holds (seen with 2 to 7 on a CPU with AVX2; with 8 and more
    it is right). Weights *and* images must be laid out plainly then.
    """
    return any(
        isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1) and max(m.stride) > 1 and m.in_channels < NARROW
        for m in model.modules()
    )


def lay_out(model: nn.Module) -> None:
    """Deep convolutional networks run a quarter faster on a CPU, and faster on a GPU, with channels last."""
    if has_batch_norm(model):
        last = torch.contiguous_format if narrow(model) else torch.channels_last
        model.to(memory_format=last)  # ty: ignore[no-matching-overload]


def check_finite(model: nn.Module) -> None:
    """Raise ``BadTensor`` that names the first weight with NaN or infinity."""
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise BadTensor(f"Weight '{name}' holds NaN or infinite values: this checkpoint cannot be used.")


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
