"""Weights by model, seed and mark: ``init`` from the seed, ``early`` and ``dense`` from files."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pruning.common.environment import ASSETS, INSTALLED, restore
from pruning.common.errors import BadTensor, BadValue, Missing, PruningError, reason
from pruning.common.json_text import read_object
from pruning.tasks.kinds import tasks
from pruning.zoo import published
from pruning.zoo.data import batches, load
from pruning.zoo.fresh import plain
from pruning.zoo.kinds import ABSENT, Model, datasets, models
from pruning.zoo.language import LanguageModel
from pruning.zoo.match import examples
from pruning.zoo.sourced import Sourced
from pruning.zoo.unreadable import unread

MARKS = ("init", "early", "dense")
_DRAWING = threading.Lock()
"""torch's generator is shared by all threads: while one draws initial weights, no other may."""


def initial(name: str, seed: int, size: tuple[int, int] | None = None) -> nn.Module:
    """The model with the initial weights that belong to ``seed``; torch's own generator is left as it was.

    Args:
        size: width and depth in per cent, for a smaller relative.

    Raises:
        Incompatible: what was built cannot be pruned; see ``plain``.
    """
    with _DRAWING, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the accelerators' generators too
        return plain(models[name]().build() if size is None else models[name]().scaled(*size), name)


def load_model(name: str, seed: int = 0, mark: str = "dense") -> nn.Module:
    """A model with its weights, in eval mode: ``init`` from any seed, ``early`` and ``dense`` from a file.

    Published weights that are not in torch.hub's folder are downloaded; without a network that fails in seconds.

    Raises:
        UnknownName: no such model.
        BadValue: no such mark or seed.
        Missing: the file is not here; the message says how to get it.
        BadTensor: the file is damaged, is not the published one, does not fit, or holds NaN or infinity.
    """
    entry = models[name]()
    _check(entry, seed, mark)
    if mark == "init" or entry.held:
        return initial(name, seed).eval()
    if isinstance(entry, LanguageModel):
        return entry.trained()
    if entry.embedded:
        path = _asset(entry, seed, mark)
        if not path.exists():
            raise Missing(_absence(entry, seed, mark))
        state = _read(path)
    elif isinstance(entry, Sourced):
        path, state = Path(entry.place()), entry.trained()
    else:
        path, state = published.path_of(entry), published.read(entry)
    return _filled(initial(name, seed), state, path).eval()


def available(name: str, mark: str = "dense", seed: int = 0) -> tuple[bool, str]:
    """Whether these weights are on this machine now, and if not the sentence that says what to do. Uses no network.

    Raises:
        UnknownName, BadValue: as ``load_model``.
    """
    entry = models[name]()
    _check(entry, seed, mark)
    if mark == "init" or entry.held:
        return True, ""
    if isinstance(entry, LanguageModel):
        return not (why := entry.absence()), why
    if entry.embedded:
        return (True, "") if _asset(entry, seed, mark).exists() else (False, _absence(entry, seed, mark))
    if isinstance(entry, Sourced):
        return not (why := entry.absence()), why
    return (True, "") if published.path_of(entry).exists() else (False, published.absence(entry))


def masks_of(name: str, mark: str = "dense") -> dict[str, Tensor]:
    """Which of a model's trained weights were pruned already when it came: bool, True = kept; mostly none."""
    entry = models[name]()
    return entry.masks() if isinstance(entry, Sourced) and mark != "init" else {}


def fetched(name: str, seed: int, mark: str) -> None:
    """Bring weights that are downloaded at first use, as far as they can be had: their content enters keys."""
    entry = models[name]()
    with suppress(PruningError):  # whoever loads them says what is wrong
        if isinstance(entry, Sourced):
            if mark != "init" and entry.absence():
                entry.trained()
        elif entry.fingerprint(seed, mark) == ABSENT:
            published.get(entry)


def card(name: str) -> dict[str, Any]:
    """The model card of an embedded model: how it was trained, on what, and its accuracies.

    Raises:
        UnknownName: no such model.
        Missing: it has no card, or the card is damaged.
    """
    path = ASSETS / "models" / models[name].name / "card.json"
    try:
        return read_object(path.read_bytes())
    except FileNotFoundError:
        raise Missing(f"{models[name].label} has no model card: {path} is not there.") from None
    except (OSError, ValueError) as error:
        raise Missing(f"The model card {path} is damaged ({reason(error)}); {restore(path)}.") from None


def _check(entry: Model, seed: int, mark: str) -> None:
    if mark not in MARKS:
        raise BadValue(f"There are no weights marked '{mark}': choose {', '.join(MARKS)}.")
    if entry.held and mark != "dense":
        raise BadValue(f"{entry.label} has the weights with which it was given, and no initial or early ones.")
    if mark == "init":
        return
    if not entry.embedded and mark == "early":
        raise BadValue(f"{entry.label} has no early weights: choose init or dense.")
    if seed not in entry.seeds:
        known = ", ".join(map(str, entry.seeds))
        raise BadValue(f"{entry.label} has no trained weights of seed {seed}; its seeds: {known}.")


def _asset(entry: Model, seed: int, mark: str) -> Path:
    return ASSETS / "models" / entry.name / f"seed{seed}.{mark}.safetensors"


def _absence(entry: Model, seed: int, mark: str) -> str:
    path = _asset(entry, seed, mark)
    if INSTALLED:
        return f"The {mark} weights of {entry.label} are not there ({path}): train them in the program's repository."
    command = f"python assets/train.py --models {entry.name}"
    return f"The {mark} weights of {entry.label} are not there ({path}): train them with '{command}'."


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise BadTensor(f"The weights {path} are damaged ({unread(path, error)[0]}); {restore(path)}.") from None


def _filled(model: nn.Module, state: dict[str, Tensor], path: Path) -> nn.Module:
    """The model with this state, every name and shape of which must fit, and every number be finite."""
    try:
        model.load_state_dict(state)
    except (RuntimeError, ValueError) as error:
        prefix = next(iter(state), "").partition(".")[0] + "."
        if all(name.startswith(prefix) for name in state) and {name.removeprefix(prefix) for name in state} == {
            *model.state_dict()
        }:
            raise BadTensor(
                f"The weights {path} have the prefix '{prefix}' before every name: save model.{prefix}state_dict() "
                "(DataParallel and compiled networks wrap the network itself)."
            ) from None
        why = " ".join(str(error).split("\n\t")[-1].split())[:300]
        raise BadTensor(f"The weights {path} do not fit this network: {why}") from None
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            count = int((~torch.isfinite(tensor)).sum())
            raise BadTensor(f"The weights {path} cannot be used: '{name}' holds {count} NaN or infinite values.")
    return model


def state_hash(state: dict[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes of a state dict."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def accuracy_of(model: nn.Module, data: str, split: str, count: int = 1_000_000, trained_as: str = "") -> float:
    """The quality (accuracy, say) that the model, in eval mode, has on the first ``count`` examples of a split.

    Args:
        trained_as: name of the model, where its outputs are ImageNet's classes and the images a person's own.
    """
    images = examples(trained_as, data, split) if trained_as else load(data, split)
    was_training, task = model.training, tasks[datasets[data].task]()
    model.eval()
    with torch.inference_mode():
        total = sum(float(task.quality(task.forward(model, x), y).sum()) for x, y in batches(images, count, 100))
    model.train(was_training)
    return task.summary_of(total, min(count, len(images)))
