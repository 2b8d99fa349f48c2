"""A person's network: read apart from this process, laid onto its architecture, looked at, and kept under a name."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from pruning.common.errors import BadTensor, BadValue, Incompatible, Missing, PruningError, reason, shortened
from pruning.tasks.outputs import tensor_of
from pruning.zoo.added import kept
from pruning.zoo.added.building import building
from pruning.zoo.added.class_names import class_names
from pruning.zoo.added.onto import Match, check, listed, onto
from pruning.zoo.added.plain_tensors import Plain, plain_tensors
from pruning.zoo.checkpoints import load_model
from pruning.zoo.fresh import plain
from pruning.zoo.kinds import datasets, models
from pruning.zoo.models.torchvision_models import TorchvisionModel
from pruning.zoo.sourced import Sourced
from pruning.zoo.strangers import read_checkpoint

AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict", "ema_model", "ema")
"""Averages of weights over a training, by which it is judged; of two networks that fit alike they are taken."""
CONTAINERS = 6
"""Networks in one file that are tried."""


@dataclass(frozen=True)
class NewNetwork:
    """What a person wants to add.

    Attributes:
        architecture: name of the model that it is built like.
        weights: the file; None: the trained weights that the architecture's source has.
        called: the file's name as the person knows it.
        data: the data set that it was trained for, if that is here.
        accuracy: as the person states it, 0 to 1.
        classes: names of its outputs, in their order; empty: as the file or the architecture says.
        leave_out: whether tensors of the file that have no place may be left out.
        label: as lists show it; empty: its name.
    """

    architecture: str
    weights: Path | None = None
    called: str = ""
    data: str | None = None
    accuracy: float | None = None
    classes: tuple[str, ...] = ()
    leave_out: bool = False
    label: str = ""
    owner: str = ""
    shared: bool = False


def added(name: str, wish: NewNetwork) -> dict[str, Any]:
    """Look at a network and keep it: what ``network.json`` says of it then.

    Raises:
        PruningError: it cannot be read, does not fit, does not run, or cannot be kept; one sentence.
    """
    kept.free(name)
    held, said = looked_at(wish)

    def fill(folder: Path) -> None:
        save_file({key: t.contiguous() for key, t in held.tensors.items()}, folder / kept.WEIGHTS)
        if held.masks:
            save_file({key: m.to(torch.uint8).contiguous() for key, m in held.masks.items()}, folder / kept.MASKS)

    said["label"] = wish.label or name
    kept.keep(name, said, fill)
    return kept.card_of(name)


def looked_at(wish: NewNetwork) -> tuple[Plain, dict[str, Any]]:
    """The tensors of a network as its architecture has them, and what is to be said of it.

    Raises:
        PruningError: as ``added``.
    """
    entry = models[wish.architecture]
    if issubclass(entry, TorchvisionModel) and not issubclass(entry, Sourced):
        return looked_at(
            replace(wish, architecture=f"torchvision:{wish.architecture}")
        )  # says how pictures are prepared
    if wish.weights is not None and not wish.weights.is_file():
        raise Missing(f"There is no file {shortened(wish.weights)}.")
    if wish.data is not None:
        datasets[wish.data]
    if wish.accuracy is not None and not 0 <= wish.accuracy <= 1:
        raise BadValue(f"An accuracy lies between 0 and 100 %, not {100 * wish.accuracy:g} %.")
    if wish.weights is None:
        held, match, names = _of_source(wish.architecture)
    else:
        held, match, names = _of_file(wish)
    if wish.classes and len(wish.classes) != match.classes:
        raise BadValue(f"{len(wish.classes)} names of classes are given, and the network has {match.classes} outputs.")
    names = wish.classes or (names if len(names) == match.classes else ())
    shape = (match.channels, *entry.input_shape[1:])
    parameters = _runs(wish.architecture, held, match, shape)
    said: dict[str, Any] = {
        "schema": 1,
        "architecture": wish.architecture,
        "task": entry.task,
        "classes": match.classes,
        "class_names": list(names),
        "input_shape": list(shape),
        "preprocessing": _prepared(entry, match.channels),
        "data": wish.data,
        "stated": wish.accuracy,
        "owner": wish.owner,
        "shared": wish.shared,
        "file": wish.called or (wish.weights.name if wish.weights is not None else ""),
        "parameters": parameters,
        "masked": sum(int((~mask).sum()) for mask in held.masks.values()),
        "added": datetime.now(UTC).isoformat(timespec="seconds"),
        "match": match.said(),
    }
    said["summary"] = f"{said['parameters'] / 1e6:.1f} M parameters, {match.classes} outputs, built like {entry.label}."
    return held, said


def _of_source(architecture: str) -> tuple[Plain, Match, tuple[str, ...]]:
    """The trained weights that the source itself has."""
    entry = models[architecture]
    state = load_model(architecture).state_dict()
    masks = entry().masks() if issubclass(entry, Sourced) else {}
    return (
        Plain(dict(state), masks),
        Match(len(state), len(state), classes=entry.classes, channels=entry.input_shape[0]),
        (entry.class_names),
    )


def _of_file(wish: NewNetwork) -> tuple[Plain, Match, tuple[str, ...]]:
    """The weights of a file, laid onto the architecture."""
    assert wish.weights is not None
    entry, build = models[wish.architecture], building(wish.architecture)
    where = f"The file {wish.called or wish.weights.name}"
    with tempfile.TemporaryDirectory(prefix="pruning-added-") as folder:
        found = read_checkpoint(wish.weights, Path(folder), called=wish.called)
        tried = {
            place: onto(plain_tensors(found.state(place)), build, entry.classes, entry.input_shape[0])
            for place in list(found.networks())[:CONTAINERS]
        }
    place = max(tried, key=lambda one: (tried[one][1].matched, bool(one) and str(one[-1]) in AVERAGED))
    held, match = tried[place]
    match = check(match, where, wish.architecture, wish.leave_out)
    odd = {tensor.key for tensor in found.not_finite()}
    broken = [str(t.place[-1]) for t in found.networks()[place] if t.key in odd]
    if broken:
        raise BadTensor(f"{where} cannot be used: NaN or infinite values in {listed(broken)}.")
    return held, _noted(match, place, tried), class_names(found.values)


def _noted(match: Match, place: tuple[Any, ...], tried: Mapping[tuple[Any, ...], tuple[Plain, Match]]) -> Match:
    """With where in the file the network lay, and what other networks were there."""
    notes = [f"The network lay under '{_said(place)}'."] if place else []
    others = [_said(one) for one, (_, other) in tried.items() if one != place and other.matched == match.matched]
    if others:
        notes.append(f"Another one that would fit as well lies under '{', '.join(others)}'.")
    named = place if all(isinstance(key, str) for key in place) else ()
    return replace(match, notes=(*notes, *match.notes), container=named)


def _said(place: tuple[Any, ...]) -> str:
    return ".".join(map(str, place)) or "the top"


def _prepared(entry: Any, channels: int) -> dict[str, Any] | None:
    """How pictures are made ready: as for the architecture, with one value for all channels where others are taken."""
    if entry.preprocessing is None:
        return None
    said = entry.preprocessing.said()
    for name in ("mean", "std"):
        if len(said[name]) != channels:
            said[name] = [sum(said[name]) / len(said[name])] * channels
    return said


def _runs(architecture: str, held: Plain, match: Match, shape: tuple[int, ...]) -> int:
    """One pass through the network with these weights, before anybody waits for it; how many parameters it has."""
    network = plain(building(architecture)(match.classes, match.channels), architecture).eval()
    try:
        network.load_state_dict(held.tensors)
        with torch.inference_mode():
            output: Tensor = tensor_of(network(torch.zeros(2, *shape)))
    except PruningError:
        raise
    except (RuntimeError, ValueError, TypeError, LookupError) as error:
        raise Incompatible(f"A first pass through {architecture} with these weights fails: {reason(error)}.") from None
    if output.shape[-1] != match.classes:
        raise Incompatible(f"{architecture} with these weights gives {output.shape[-1]} numbers, not {match.classes}.")
    return sum(parameter.numel() for parameter in network.parameters())
