"""A network as its ``build`` returned it: unwrapped, and looked at once, so that what cannot be pruned is said here."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize, prune

from pruning.common.errors import Incompatible

NORMS = {"WeightNorm": "remove_weight_norm", "SpectralNorm": "remove_spectral_norm"}
"""Older ways of torch to make a weight of others, by the class of their hooks, and what takes them off."""


def plain(built: Any, name: str) -> nn.Module:
    """The network itself, without ``DataParallel`` or ``torch.compile`` around it.

    Raises:
        Incompatible: it is no network, has no parameters yet, or its weights are made of other tensors at each pass.
    """
    while isinstance(built, nn.DataParallel | nn.parallel.DistributedDataParallel) or hasattr(built, "_orig_mod"):
        built = built._orig_mod if hasattr(built, "_orig_mod") else built.module
    if not isinstance(built, nn.Module):
        what = "nothing (None)" if built is None else f"a {type(built).__name__}"
        raise Incompatible(f"The 'build' of {name} returns {what}: a torch.nn.Module was expected.")
    if isinstance(built, torch.jit.ScriptModule):
        raise Incompatible(f"{name} is compiled by TorchScript, which cannot be pruned: let 'build' return it plain.")
    for where, module in built.named_modules():
        if why := _made_of_others(module):
            layer = f"'{where}'" if where else "itself"
            raise Incompatible(f"Layer {layer} of {name} is parametrized: make it plain first with {why}, in 'build'.")
    for where, parameter in built.named_parameters():
        if isinstance(parameter, nn.UninitializedParameter):
            raise Incompatible(
                f"{name} has lazy layers: '{where}' has no size before the first pass. Let one batch through in "
                "'build', or write the sizes down (nn.Linear for nn.LazyLinear)."
            )
        if parameter.is_meta:
            raise Incompatible(f"Parameter '{where}' of {name} is on the meta device: it has a size, but no numbers.")
    if next(built.parameters(), None) is None:
        raise Incompatible(f"{name} has no parameters: there is nothing to be pruned.")
    return built


def _made_of_others(module: nn.Module) -> str:
    """What makes a module's weight an ordinary one, where it is computed from other tensors; else nothing."""
    if parametrize.is_parametrized(module):
        names = getattr(module, "parametrizations", {})
        return f"torch.nn.utils.parametrize.remove_parametrizations(layer, '{next(iter(names), 'weight')}')"
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, prune.BasePruningMethod):
            return f"torch.nn.utils.prune.remove(layer, '{hook._tensor_name}')"
        if type(hook).__name__ in NORMS:
            return f"torch.nn.utils.{NORMS[type(hook).__name__]}(layer)"
    return ""
