"""Proof of channel groups by a run: what a masked channel holds must not matter to the output."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import functional_call

from pruning.network.groups.coupling import Coupling
from pruning.network.groups.trial import Trial
from pruning.network.units import Group, Layout


def proved(trial: Trial, couplings: list[Coupling]) -> list[Coupling]:
    """Those couplings whose units can be removed; all are tried at once, and halved where that fails."""
    if not couplings or _sound(trial, couplings):
        return couplings
    if len(couplings) == 1:
        return []
    half = len(couplings) // 2
    return proved(trial, couplings[:half]) + proved(trial, couplings[half:])


def _sound(trial: Trial, couplings: list[Coupling]) -> bool:
    """Whether the output stays when filters, biases and norms of masked units are random instead of zero."""
    generator = torch.Generator().manual_seed(1)
    keep = {}
    for coupling in couplings:
        count = coupling.group.count
        keep[coupling.group.leads] = torch.randperm(count, generator=generator) >= (count + 1) // 2
    groups = {coupling.group.leads: coupling.group for coupling in couplings}
    readers = {n: Group(g.shape, c.readers, n) for (n, g), c in zip(groups.items(), couplings, strict=True)}
    masks = Layout(groups).expanded(keep, trial.shapes)
    read = Layout(readers).expanded(keep, trial.shapes)
    masked, noisy = {}, {}
    for name, mask in masks.items():
        parameter = trial.model.get_parameter(name).detach()
        masked[name] = torch.where(mask, parameter, 0.0)
        noise = torch.randn(parameter.shape, generator=generator)
        noisy[name] = torch.where(mask | ~read.get(name, torch.tensor(True)), masked[name], noise)
    return _equal(_output(trial, masked), _output(trial, noisy))


def _output(trial: Trial, parameters: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        return functional_call(trial.model, parameters, (trial.images,))


def _equal(one: Tensor, other: Tensor) -> bool:
    """Equal but for the order of sums: the terms that differ are multiplied by zero."""
    return bool(torch.isfinite(one).all()) and bool((one - other).abs().max() <= 1e-5 * one.abs().max())
