"""Steps of an optimiser by torch's fused kernels, without what ``torch.optim`` does around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Kernel = Callable[[list[Tensor], dict[str, Any]], None]


class Update:
    """One step of a fused SGD, Adam or AdamW; state and learning rate stay the optimiser's own.

    The first step is torch's, which makes the state. Then the same kernels are called with lists that are put together
    once: the hooks, look-ups and checks of each step take as long as a small network's backward pass.
    """

    def __init__(self, optimiser: torch.optim.Optimizer) -> None:
        self.optimiser = optimiser
        self.kernels: list[tuple[list[Tensor], Kernel]] = []
        self.count = self.one = torch.ones(())

    @torch.no_grad()
    def __call__(self, **given: Tensor) -> None:
        """One step, with the gradients that are there.

        Args:
            given: where the host must not know them, a learning rate ``lr`` in place of the optimiser's, and
                ``found_inf``, which is 1 where nothing may change; scalars on the device. They need ``ready``.
        """
        if not self.ready:
            self.optimiser.step()
            return
        self.count.add_(self.one)
        for parameters, kernel in self.kernels:
            kernel([parameter.grad for parameter in parameters], given)  # ty: ignore[invalid-argument-type]

    @property
    def ready(self) -> bool:
        """Whether there is a state, of all parameters: one that the network does not compute with has none."""
        if not self.kernels and self.optimiser.state:
            self.kernels = self._kernels()
        return bool(self.kernels)

    def _kernels(self) -> list[tuple[list[Tensor], Kernel]]:
        """One for all groups that are told the same, with the first one's rate; none where a parameter has no state."""
        groups, state = self.optimiser.param_groups, self.optimiser.state
        every = [state.get(parameter, {}) for group in groups for parameter in group["params"]]
        if not all(every):
            return []
        if "step" in every[0]:  # all are counted by one addition
            self.count = torch.stack([own["step"] for own in every])
            self.one = torch.ones_like(self.count)
            for own, count in zip(every, self.count, strict=True):
                own["step"] = count
        made = _sgd if isinstance(self.optimiser, torch.optim.SGD) else _adam
        # Groups that differ in nothing take their steps as one: each call costs as much as a small layer's arithmetic.
        alike: dict[str, tuple[dict[str, Any], list[Tensor]]] = {}
        for group in groups:
            how = repr([value for name, value in group.items() if name != "params"])
            alike.setdefault(how, (group, []))[1].extend(group["params"])
        return [(own, made(group, own, [state[one] for one in own])) for group, own in alike.values()]


def _sgd(group: dict[str, Any], parameters: list[Tensor], states: list[dict[str, Tensor]]) -> Kernel:
    buffers = [state["momentum_buffer"] for state in states]

    def step(grads: list[Tensor], given: dict[str, Any]) -> None:
        torch._fused_sgd_(
            parameters,
            grads,
            buffers,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            dampening=group["dampening"],
            nesterov=group["nesterov"],
            maximize=False,
            is_first_step=False,
            **{"lr": group["lr"], **given},
        )

    return step


def _adam(group: dict[str, Any], parameters: list[Tensor], states: list[dict[str, Tensor]]) -> Kernel:
    kernel = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
    means, squares, counts = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq", "step"))

    def step(grads: list[Tensor], given: dict[str, Any]) -> None:
        kernel(
            parameters,
            grads,
            means,
            squares,
            [],
            counts,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
            **{"lr": group["lr"], **given},
        )

    return step
