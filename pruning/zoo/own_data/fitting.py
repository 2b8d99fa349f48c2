"""Which network goes with a person's data: how its pictures are made ready, and which output stands for which class.

A person may have trained any network on it, so what must agree is what can be seen: the task, the number of outputs,
names of classes where both say them. No torch.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pruning.tasks.kinds import tasks
from pruning.zoo.kinds import datasets
from pruning.zoo.preprocessing import Preprocessing
from pruning.zoo.wnids import INDEX

if TYPE_CHECKING:
    from pruning.zoo.kinds import Dataset, Model

IMAGENET_CLASSES = 1000


def plain_name(name: str) -> str:
    """A class's name without what differs between a folder and a checkpoint.

    >>> plain_name("Golden_Retriever "), plain_name("tench, Tinca tinca")
    ('golden retriever', 'tench')
    """
    return " ".join(re.split(r"[\s_\-]+", name.partition(",")[0].strip().casefold()))


def names_of(network: type[Model]) -> tuple[str, ...]:
    """Names of a network's outputs in their order, as far as somebody says them: the network itself, or the data that
    it comes with."""
    known = datasets[network.data].classes if network.data is not None and not network.class_names else ()
    return known if len(known) == network.classes else network.class_names


def order_of(network: type[Model], data: type[Dataset]) -> tuple[int, ...] | None:
    """The output that stands for each class of the data, where their names say it; None: both are counted alike."""
    if network.classes == IMAGENET_CLASSES and data.classes and all(name in INDEX for name in data.classes):
        return tuple(INDEX[name] for name in data.classes)
    outputs = {plain_name(name): place for place, name in reversed(list(enumerate(names_of(network))))}
    found = [outputs.get(plain_name(name)) for name in data.classes]
    named = [place for place in found if place is not None]
    if not named or len(named) < len(found) or len(set(named)) < len(named):
        return None
    return tuple(named)


def misfit(network: type[Model], data: type[Dataset]) -> str | None:
    """Why this network cannot be measured on this data; None where it can."""
    task = tasks[network.task]()
    if task.name != "image_classification" and network.input_shape != data.shape:
        return (
            f"{network.label} takes {task.unit} of {task.size(network.input_shape)}, {data.label} has "
            f"{task.size(data.shape)}, so there is no {task.measured} to measure."
        )
    if not task.classes or order_of(network, data) is not None:
        return None
    names = names_of(network)
    known = {plain_name(name) for name in names}
    strange = [name for name in data.classes if plain_name(name) not in known]
    if len(strange) < len(data.classes):
        return (
            f"{network.label} knows some classes of {data.label}, but not {', '.join(strange[:3])}: give them the "
            f"network's names ({', '.join(names[:3])} …)."
        )
    if len(data.classes) != network.classes:
        return (
            f"{network.label} has {network.classes:,} outputs, and {data.label} has {len(data.classes)} classes: both "
            "must be equal, or their names the same."
        )
    return None


def ready_for(network: type[Model], data: type[Dataset]) -> Preprocessing:
    """How the data's pictures are made ready for this network: as its authors say; as ImageNet's are, where its weights
    come from there; else with the mean and deviation of the data itself."""
    if network.preprocessing is not None:
        return network.preprocessing
    channels, height, width = network.input_shape
    if network.classes == IMAGENET_CLASSES and channels == 3:
        return Preprocessing((height, width), round(max(height, width) * 256 / 224))
    mean, std = (_channels(values, channels) for values in (data.mean, data.std))  # ty: ignore[missing-attribute]
    return Preprocessing((height, width), max(height, width), mean, std)


def _channels(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """Of another number of channels: the same for each, or their mean."""
    return values if len(values) == channels else (round(sum(values) / len(values), 4),) * channels


def seen(network: type[Model], data: type[Dataset]) -> list[Any]:
    """How this network sees the data, as JSON has it; part of keys."""
    ready = ready_for(network, data).said() if data.task == "image_classification" else None
    return [order_of(network, data), ready]
