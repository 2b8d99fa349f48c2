"""Which accuracies make sense: whether the weights of a model were trained for the classes of a data set. No torch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pruning.common.errors import Missing
from pruning.tasks.kinds import tasks
from pruning.zoo.kinds import datasets, models
from pruning.zoo.own_data import fitting
from pruning.zoo.places import class_folders, image_folder, imagenet_indices

if TYPE_CHECKING:
    from pruning.zoo.base import Base
    from pruning.zoo.kinds import Dataset, Model, Split

IMAGENET = "imagenette"
"""The data set that stands for ImageNet's classes: weights trained on all 1,000 are scored on these ten."""


def compatible(model: str, data: str) -> str | None:
    """``None`` if the accuracy of this model on this data set means something, otherwise a sentence why it does not.

    Asks for the same image shape, unless the pictures are made ready as the network asks, and for weights that were
    trained on the data set's classes. Says nothing about whether weights and data are on this machine, except for a
    folder of images, whose classes are known only then.

    Raises:
        UnknownName: no such model or data set.

    >>> compatible("lenet_5", "fashion_mnist") is None
    True
    >>> print(compatible("lenet_5", "cifar10"))
    LeNet-5 takes images of 28x28 pixels in grey, CIFAR-10 has 32x32 pixels in colour,
    so there is no accuracy to measure.
    """
    network, images = models[model], datasets[data]
    task = tasks[network.task]()
    if network.task != images.task:
        other = tasks[images.task].label.lower()
        return (
            f"{network.label} is for {task.label.lower()}, and {images.label} is for {other}: they do not go together."
        )
    if task.any_data:
        return None
    if images.own:
        return fitting.misfit(network, images)
    ready = images.resized and network.preprocessing is not None and network.input_shape[0] == images.shape[0]
    if network.input_shape != images.shape and not ready:
        return (
            f"{network.label} takes {task.unit} of {task.size(network.input_shape)}, {images.label} has "
            f"{task.size(images.shape)}, so there is no {task.measured} to measure."
        )
    if network.data == IMAGENET and data == "image_folder":
        return _own_folder(network.label)
    if network.data == data or network.any_data:
        return _outputs(network, images) if task.classes else None
    trained = "ImageNet" if network.data == IMAGENET else network.data and datasets[network.data].label
    known = (
        f"its weights were trained on {trained}" if trained else "none of its weights were trained on a data set here"
    )
    return f"{network.label} has no weights trained on {images.label}: {known}, so its accuracy there means nothing."


def split_of(base: Base, split: str) -> Split:
    """The split on which networks of this base can be evaluated.

    Raises:
        Missing: no data, or none that the weights were trained for; the sentence says which.
    """
    name = base.data_name
    if name is None:
        raise Missing(f"There is no data set for {base.model}: accuracy cannot be measured.")
    if (reason := compatible(base.model, name)) is not None:
        raise Missing(reason)
    return examples(base.model, name, split)


def examples(model: str, data: str, split: str) -> Split:
    """A split with the labels by which this model counts.

    Raises:
        UnknownName, BadValue, Missing: as ``load`` of ``pruning.zoo.data``.
    """
    import torch

    from pruning.zoo import data as zoo_data
    from pruning.zoo.data import RowSplit
    from pruning.zoo.folders import FolderSplit
    from pruning.zoo.language import LanguageModel
    from pruning.zoo.own_data.pictures import PictureSplit
    from pruning.zoo.texts import TextSplit, tokenized

    found, network, entry = zoo_data.load(data, split), models[model], datasets[data]
    if isinstance(found, TextSplit):
        assert issubclass(network, LanguageModel)
        return tokenized(found, network.folder, network.input_shape[0])
    if entry.own:
        order = fitting.order_of(network, entry)
        if isinstance(found, PictureSplit):
            return found.prepared(fitting.ready_for(network, entry), network.input_shape[0], order)
        if isinstance(found, RowSplit) and order is not None:
            return replace(found, labels=torch.tensor(order)[found.labels])
        return found
    if not isinstance(found, FolderSplit):
        return found
    indices, ready = imagenet_labels(model, data), network.preprocessing
    found = found if ready is None else found.prepared(ready)
    return found if indices is None else found.relabelled(indices)


def seen_by(model: str, data: str) -> tuple[Any, ...]:
    """What a model sees otherwise in this data than others do: labels of its own, pictures made ready in its own way;
    empty where it sees what all see."""
    network, entry = models[model], datasets[data]
    if tasks[entry.task].any_data:
        return (model,)  # its own tokens
    if entry.own:
        ready = fitting.ready_for(network, entry) if entry.task == "image_classification" else None
        return fitting.order_of(network, entry), ready, network.input_shape
    ready = network.preprocessing if entry.resized else None
    return (imagenet_labels(model, data) or ()) if ready is None else (imagenet_labels(model, data), ready)


def imagenet_labels(model: str, data: str) -> tuple[int, ...] | None:
    """ImageNet's index of each class of the person's folder, for a network that knows ImageNet; for others none: they
    count from 0, whatever the folders are called."""
    if data != "image_folder" or models[model].data != IMAGENET:
        return None
    return imagenet_indices(class_folders(image_folder()))


def class_name(model: str, data: str, label: int) -> str:
    """A label of this model, true or predicted, in words."""
    indices = seen_by(model, data)[0] if datasets[data].own else imagenet_labels(model, data)
    if indices is None:
        return datasets[data]().class_name(label)
    return datasets[data]().class_name(indices.index(label)) if label in indices else f"class {label}"


def _outputs(network: type[Model], images: type[Dataset]) -> str | None:
    """Why a network has not one output for each class of its own data set, if it has not."""
    try:
        count = images().class_count()
    except Missing as error:
        return str(error)
    fits = max(images.indices) < network.classes if images.indices else count in (None, network.classes)
    if fits:
        return None
    return f"{network.label} has {network.classes} outputs, and {images.label} has {count} classes: both must be equal."


def _own_folder(label: str) -> str | None:
    """Whether a network trained on ImageNet can be scored on the person's folder of images."""
    try:
        names = class_folders(image_folder())
    except Missing as error:
        return str(error)
    if imagenet_indices(names) is not None:
        return None
    return (
        f"{label} knows the 1,000 classes of ImageNet, and the folder's classes ({', '.join(names[:3])} …) are not "
        "named by their ids: rename the subfolders to WordNet ids such as n02102040 to measure accuracy."
    )
