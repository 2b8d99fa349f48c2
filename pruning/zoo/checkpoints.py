"""Weights by model, seed and mark: ``init`` from the seed, ``early`` and ``dense`` from files."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import torch
from torch import Tensor, nn

from pruning.errors import BadTensor, BadValue, Missing
from pruning.registry import models
from pruning.zoo.data import ASSETS, batches, load

MARKS = ("init", "early", "dense")


def initial(name: str, seed: int) -> nn.Module:
    """The model with the initial weights that belong to ``seed``; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return models[name]().build()


def state_hash(state: dict[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes of a state dict."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def accuracy_of(model: nn.Module, data: str, split: str, count: int = 1_000_000) -> float:
    """Share of the first ``count`` images of a split that the model, in eval mode, classifies correctly."""
    images, was_training = load(data, split), model.training
    model.eval()
    with torch.inference_mode():
        right = sum(int((model(x).argmax(1) == y).sum()) for x, y in batches(images, count, 100))
    model.train(was_training)
    return right / min(count, len(images))
