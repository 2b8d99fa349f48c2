"""A training under way: network, masks, optimiser, memory; saved and continued bit for bit."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from pruning.common.errors import StoreError
from pruning.common.levels import LEVELS
from pruning.common.progress import Progress
from pruning.criteria.method import Method
from pruning.criteria.plan import plan
from pruning.network.weights import prunable
from pruning.state import State
from pruning.training.options import TrainingOptions
from pruning.training.update import Update

FORMAT = 1


@dataclass
class Session:
    """What a training step works on.

    Attributes:
        state: the state being trained; its masks and network change.
        spec: how it is trained.
        step: number of the current step, from 0.
        memory: what the way of training must remember (tensors, numbers, strings, lists of them).
        records: one entry per look: step, losses, accuracies, sparsity per layer, weights that came and went.
        settled: whether nothing but the optimiser changes weights or masks.
    """

    state: State
    spec: TrainingOptions
    progress: Progress
    optimiser: torch.optim.Optimizer
    step: int = 0
    memory: dict[str, Any] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    diverged: int | None = None
    settled: bool = False
    _kept: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict, repr=False)
    _at_rest: bool = False

    @cached_property
    def update(self) -> Update:
        """One step of the optimiser, with the gradients that are there."""
        return Update(self.optimiser)

    @property
    def total(self) -> int:
        """Steps of the whole training."""
        return self.spec.steps

    @property
    def model(self) -> nn.Module:
        return self.state.model

    @property
    def weights(self) -> dict[str, nn.Parameter]:
        """The prunable weights, with their gradients, in forward order."""
        found = prunable(self.model)
        return {name: found[name] for name in self.state.order}

    @property
    def masks(self) -> dict[str, Tensor]:
        return self.state.masks

    def hold(self) -> None:
        """After a step: masked entries are exact zero.

        Where nothing else changes weights, Adam holds them once it has begun: it divides by the root of the second
        moment, and an entry for which that is infinite stays what it is. This saves a tenth of a dense network's step.
        (A gradient that overflows there makes NaN of it, and the next loss says that the training has diverged.)
        """
        if self._at_rest:
            return
        self.clear()
        moments = self._moments() if self.settled else {}
        if moments and len(moments) == len(self.masks):
            for name, (first, second) in moments.items():
                gone = self._kept[name][1] == 0
                first.masked_fill_(gone, 0.0)
                second.masked_fill_(gone, torch.inf)
            self._at_rest = True

    def clear(self) -> None:
        """Set masked entries to exact zero.

        The same as ``apply_masks``: bits are cleared, which is several times faster than filling and, unlike a product,
        knows no -0.0 and no inf * 0.
        """
        for name, mask in self.masks.items():
            known, parameter = self._kept.get(name), self._parameters[name]
            if known is None or known[0] is not mask:
                known = self._kept[name] = (mask, _bits(mask, parameter))
            parameter.data.view(known[1].dtype).bitwise_and_(known[1])

    @property
    def masked(self) -> bool:
        """Whether all masked entries are exact zero, as they are after ``clear``, so that a checkpoint may be made."""
        if not self._at_rest:
            return True
        return not any(bool(self._parameters[name][~mask].any()) for name, mask in self.masks.items())

    def _moments(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Adam's first and second of the masked weights; none before its first step, and of another optimiser."""
        states = {name: self.optimiser.state.get(self._parameters[name], {}) for name in self.masks}
        return {name: (own["exp_avg"], own["exp_avg_sq"]) for name, own in states.items() if "exp_avg_sq" in own}

    @cached_property
    def _parameters(self) -> dict[str, nn.Parameter]:
        return dict(self.model.named_parameters(remove_duplicate=False))

    def level(self) -> int:
        """Sparsity now, per mille of the prunable weights."""
        total = sum(weight.numel() for weight in self.weights.values())
        gone = sum(int((~self.masks[name]).sum()) for name in self.weights if name in self.masks)
        return round(LEVELS * gone / total)

    def prune(self, scorer: str, allocation: str, level: int) -> None:
        """Prune the network as it is now to a level; what is masked stays masked."""
        self.model.eval()
        made = plan(self.state.scene(self.progress), Method(scorer=scorer, allocation=allocation))
        assert made.ranking is not None
        shapes = {name: tuple(weight.shape) for name, weight in self.weights.items()}
        for name, mask in made.layout.expanded(made.ranking.masks(level), shapes).items():
            self.masks[name] = mask & self.masks[name] if name in self.masks else mask
        self.state.plan = made
        self.model.train()
        self._at_rest = False
        self.hold()

    def saved(self) -> bytes:
        """Everything that a continued training needs, as a file."""
        content = {
            "format": FORMAT,
            "step": self.step,
            # Copies: a network that trains with others is a view of one large tensor, which would be written whole.
            "model": {name: value.clone() for name, value in self.model.state_dict().items()},
            "masks": self.masks,
            "optimiser": self.optimiser.state_dict(),
            "memory": self.memory,
            "records": self.records,
            "diverged": self.diverged,
        }
        file = io.BytesIO()
        torch.save(content, file)
        return file.getvalue()

    def restore(self, data: bytes) -> None:
        """Go on from a saved training.

        Raises:
            StoreError: the file is damaged or of another format.
        """
        device = next(self.model.parameters()).device
        try:
            content = torch.load(io.BytesIO(data), map_location=device, weights_only=True)
            if content["format"] != FORMAT:
                raise StoreError(f"This checkpoint has format {content['format']}; {FORMAT} is read here.")
            self.model.load_state_dict(content["model"])
            self.optimiser.load_state_dict(content["optimiser"])
        except StoreError:
            raise
        except Exception as error:  # a cut file raises whatever the reader stumbles on
            raise StoreError(f"The checkpoint cannot be read ({type(error).__name__}); training starts anew.") from None
        self.state.masks = dict(content["masks"])
        self.step, self.memory, self.records = content["step"], content["memory"], content["records"]
        self.diverged = content["diverged"]


def _bits(mask: Tensor, weight: Tensor) -> Tensor:
    """All bits where a weight is kept, none where it is not: integers as wide as the weight, in its memory layout."""
    whole = {2: torch.int16, 4: torch.int32, 8: torch.int64}[weight.element_size()]
    kept = torch.empty_like(weight.detach(), dtype=whole)
    return kept.copy_(mask.to(weight.device)).neg_()  # 1 becomes -1: all bits


def optimiser_of(model: nn.Module, spec: TrainingOptions) -> torch.optim.Optimizer:
    """A new optimiser; biases and norms are not decayed (Goyal et al. 2017)."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": spec.weight_decay}, {"params": others, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if spec.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=spec.lr, momentum=0.9, nesterov=True, fused=True)
    kind = torch.optim.Adam if spec.optimiser == "adam" else torch.optim.AdamW
    return kind(groups, lr=spec.lr, fused=True)
