"""A network and data that somebody holds in memory, known to this process as any other: ``wrapped:<hash>``."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pruning.common.errors import BadValue, Incompatible, Missing, reason
from pruning.common.hashing import digest
from pruning.tasks.kinds import tasks
from pruning.tasks.outputs import tensor_of
from pruning.zoo.data import RowSplit
from pruning.zoo.data_sources import wrapped as wrapped_data
from pruning.zoo.fresh import plain
from pruning.zoo.kinds import SPLITS, Dataset, Model
from pruning.zoo.sources import wrapped as wrapped_models
from pruning.zoo.wrapping.examples import Examples, Unpacked
from pruning.zoo.wrapping.gathering import gathered
from pruning.zoo.wrapping.identity import network_hash

PICTURE_CHANNELS = (1, 3)
HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_always_called",
)
SHARES = {"train": 70, "validation": 80, "test": 100}
"""Up to which hash of an example, in per cent, it belongs to a split."""
LEAST = 2
"""Examples of a split, at least."""
VALIDATION = 10
"""Of training examples that were given apart, one in so many is kept for validation."""


@dataclass(frozen=True)
class Wrapped:
    """What this process knows.

    Attributes:
        model, data: classes, which live as long as somebody holds them.
        device: where the network lies.
        notes: sentences on what was left out.
    """

    model: type[Model]
    data: type[Dataset]
    device: str
    notes: tuple[str, ...]


class StretchedPictures(RowSplit):
    """Pictures as the network takes them, ``(n, channels, height, width)``."""

    def picture(self, position: int) -> np.ndarray:
        """For people: stretched to the range from its darkest to its brightest value, uint8."""
        image = self.inputs[position].movedim(0, -1).float()
        low, high = image.min(), image.max()
        shown = ((image - low) / (high - low).clamp(min=1e-12) * 255).round().to(torch.uint8).numpy()
        return shown[..., 0] if shown.shape[-1] == 1 else shown


def wrapped(
    model: nn.Module,
    data: Any,
    task: str | None = None,
    train: Any = None,
    name: str = "",
    classes: tuple[str, ...] = (),
    count: int | None = None,
) -> Wrapped:
    """Make a network and its data known to this process. The network itself stays as it is: a copy is kept.

    See ``pruning.wrap`` for the arguments.
    """
    if not isinstance(model, nn.Module):
        raise BadValue(f"A torch.nn.Module is wrapped, and this is {type(model).__name__}: give the network itself.")
    twin, notes = _copied(model)
    parts = _parts(data, train, twin, count)
    given = parts["test"].given
    if len({part.given for part in parts.values()}) > 1:
        raise Incompatible("Examples of the splits differ in shape or kind: prepare them alike.")
    if len(given) > 1 or given[0].name is not None or not given[0].dtype.is_floating_point:
        twin.register_forward_pre_hook(Unpacked(given), with_kwargs=True)
    if not all(part.whole for part in parts.values()):
        notes.append(f"Of the data {sum(map(len, parts.values())):,} examples are used.")
    outputs = _outputs(twin, parts["test"].inputs[:LEAST])
    kind = tasks[task or _task(parts["test"], outputs)]()
    labels = torch.cat([part.labels for part in parts.values()])
    if kind.classes:
        classes = _classes(classes or parts["test"].classes, labels, outputs)
    pictures = kind.name == "image_classification"
    split = StretchedPictures if pictures else RowSplit
    key = digest([[name, part.key] for name, part in parts.items()], kind.name, list(classes))
    shape = tuple(parts["test"].inputs.shape[1:])
    label = name or type(model).__name__
    held = wrapped_data.hold(
        {name: split(part.inputs, part.labels) for name, part in parts.items()},
        key,
        label=f"data of {label}",
        task=kind.name,
        shape=shape,
        classes=classes,
    )
    about = {"label": label, "task": kind.name, "data": held.name, "input_shape": shape, "classes": outputs.shape[-1]}
    network = wrapped_models.hold(twin, digest(network_hash(twin), key), **about)
    return Wrapped(network, held, str(next(model.parameters()).device), tuple(notes))


def _copied(model: Any) -> tuple[nn.Module, list[str]]:
    """A copy on the CPU in eval mode, without hooks: they are somebody's own looks into the network."""
    whole = plain(model, type(model).__name__)
    held = [(m, found) for m in whole.modules() for at in HOOKS if (found := getattr(m, at, None))]
    try:
        twin = copy.deepcopy(whole, {id(found): OrderedDict() for _, found in held})
    except (TypeError, RuntimeError, ValueError, AttributeError, NotImplementedError) as error:
        raise Incompatible(
            f"{type(model).__name__} cannot be copied ({reason(error)}), so it cannot be left as it is. Make it anew "
            "and load its state dict."
        ) from None
    count = len({id(module) for module, _ in held})
    kinds = f"{count} module{'s' if count > 1 else ''}"
    notes = [f"Hooks of {kinds} are left out of the copy that is pruned."] if held else []
    return twin.to("cpu").eval(), notes


def _parts(data: Any, train: Any, model: nn.Module, count: int | None) -> dict[str, Examples]:
    """The three splits: as given, or by the hash of each example."""
    if isinstance(data, Mapping) and data and set(data) <= {*SPLITS, "val"}:
        data = {"validation" if name == "val" else str(name): part for name, part in data.items()}
        if "test" not in data and "validation" in data:
            data["test"] = data.pop("validation")
        if train is not None or not {"train", "test"} <= set(data):
            raise BadValue(f"Splits are given as 'train' and 'test', perhaps 'validation': these are {[*data]}.")
        given = {name: gathered(part, model, count) for name, part in data.items()}
    elif train is not None:
        given = {"train": gathered(train, model, count), "test": gathered(data, model, count)}
    else:
        every, low, given = gathered(data, model, count), 0, {}
        for name, high in SHARES.items():
            given[name] = every.part(low, high)
            low = high
    if "validation" not in given:
        every = given["train"]
        given["train"], given["validation"] = every.part(VALIDATION, 100), every.part(0, VALIDATION)
    for name in SPLITS:
        if len(given[name]) < LEAST:
            raise Missing(
                f"The {name} split holds {len(given[name])} examples, and {LEAST} are the least. Give more data, or "
                "splits of your own: {'train': …, 'validation': …, 'test': …}."
            )
    return {name: given[name] for name in SPLITS}


def _outputs(model: nn.Module, inputs: Tensor) -> Tensor:
    """What a first pass gives, ``(n, outputs)``."""
    first = next(model.parameters())
    try:
        with torch.no_grad():
            out = tensor_of(model(inputs.to(first.dtype) if inputs.is_floating_point() else inputs))
    except (ArithmeticError, AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError) as error:
        shape = "x".join(map(str, inputs.shape[1:]))
        raise Incompatible(f"A pass of {len(inputs)} examples of {shape} numbers fails: {reason(error)}.") from None
    if out.ndim == 0 or len(out) != len(inputs):
        raise Incompatible(f"For {len(inputs)} examples it returns a tensor of shape {tuple(out.shape)}.")
    return out if out.ndim > 1 else out[:, None]


def _task(part: Examples, outputs: Tensor) -> str:
    """What a network is for, as its labels and examples look."""
    if part.labels.is_floating_point():
        return "regression"
    pictures = part.inputs.ndim == 4 and part.inputs.shape[1] in PICTURE_CHANNELS and len(part.given) == 1
    return "image_classification" if pictures else "classification"


def _classes(names: tuple[str, ...], labels: Tensor, outputs: Tensor) -> tuple[str, ...]:
    """A name for each output."""
    count = outputs.shape[-1]
    if labels.ndim != 1 or outputs.ndim != 2 or labels.is_floating_point():
        raise Incompatible(
            "A classification has one whole number as label of each example, and one output a class: labels have the "
            f"shape {tuple(labels.shape)}, outputs {tuple(outputs.shape)}. Name another task: {', '.join(tasks)}."
        )
    if int(labels.min()) < 0 or int(labels.max()) >= count:
        raise BadValue(
            f"Labels go from {int(labels.min())} to {int(labels.max())}, and the network has {count} outputs: classes "
            f"are counted from 0 to {count - 1}."
        )
    return names if len(names) == count else tuple(f"class {label}" for label in range(count))


def write(source: nn.Module, target: Any) -> None:
    """Copy all parameters and buffers of one network into another, in place; devices and number formats stay.

    Raises:
        BadValue: the other has other tensors, or of other shapes; nothing is written then.
    """
    into = plain(target, type(target).__name__)
    given, held = ({name: t for name, t in [*one.named_parameters(), *one.named_buffers()]} for one in (source, into))
    odd = [name for name in {**given, **held} if name not in given or name not in held]
    odd += [name for name in given if name in held and given[name].shape != held[name].shape]
    if odd:
        raise BadValue(
            f"{len(odd)} tensors differ in name or shape, such as '{odd[0]}': these weights belong to another network "
            "than the module (a network without its removed units is smaller: take it home with save)."
        )
    with torch.no_grad():
        for name, tensor in given.items():
            held[name].copy_(tensor)
