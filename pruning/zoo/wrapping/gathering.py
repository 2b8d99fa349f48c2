"""Examples out of whatever a notebook has: tensors, a Dataset, a DataLoader, a Hugging Face data set, batches.

They are read once and kept in memory, in an order made of their own bytes: a loader that shuffles gives the same data,
and what is trained on, chosen by and tested on does not change when others are added.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pruning.common.errors import BadValue, Incompatible, reason
from pruning.common.limits import WRAPPED_BYTES
from pruning.zoo.wrapping.examples import Examples, Given, ordered, packed

LABELS = ("labels", "label", "targets", "target", "y")
"""Where a batch that is a dictionary keeps what is to be predicted."""
TOGETHER = 256
"""Examples of a Dataset that are read at a time."""


def gathered(data: Any, model: nn.Module, count: int | None = None) -> Examples:
    """The examples of some data, at most ``count`` of them, and at most ``WRAPPED_BYTES`` in memory.

    Args:
        data: a pair of tensors or arrays ``(inputs, labels)``; a Dataset of torch or of Hugging Face; a DataLoader or
            any other iterable of batches. A batch is ``(inputs, labels)``, ``(input, input, …, labels)``, or a
            dictionary with a field ``labels``.
        model: whose ``forward`` says which fields of a dictionary it takes.

    Raises:
        BadValue: it is none of these, or there is nothing in it; one sentence.
        Incompatible: batches whose examples differ in shape.
    """
    fields: tuple[Given, ...] | None = None
    columns: list[tuple[Tensor, ...]] = []
    size, held, whole = 0, 0, True
    for batch in _batches(data):
        named = _inputs(batch, model)
        *inputs, labels = (_tensor(value, name) for name, value in named)
        found = tuple(Given(n, tuple(t.shape[1:]), t.dtype) for (n, _), t in zip(named, inputs, strict=False))
        if fields is not None and fields != found:
            raise Incompatible(
                f"Examples differ in shape or kind: {_said(fields)} and then {_said(found)}. Pad or resize to one size."
            )
        fields = found
        if any(len(t) != len(labels) for t in inputs):
            raise BadValue(f"A batch holds {len(inputs[0])} examples and {len(labels)} labels: one label for each.")
        columns.append((*inputs, labels))
        size, held = size + len(labels), held + sum(t.numel() * t.element_size() for t in inputs)
        if (count is not None and size >= count) or held > WRAPPED_BYTES:
            whole = False
            break
    if fields is None or not size:
        raise BadValue("The data holds no examples: a generator that was read before is empty the second time.")
    *inputs, labels = (torch.cat(column)[:count] for column in zip(*columns, strict=True))
    return ordered(packed(inputs, fields), _numbers(labels), fields, _class_names(data), whole)


def _batches(data: Any) -> Iterator[Any]:
    """Batches, whatever gives them."""
    if isinstance(data, tuple | list) and len(data) == 2 and all(isinstance(one, Tensor | np.ndarray) for one in data):
        yield tuple(data)
    elif isinstance(data, torch.utils.data.DataLoader) or not _indexed(data):
        if not isinstance(data, Iterable) or isinstance(data, str | bytes | Tensor | np.ndarray | Mapping):
            raise BadValue(
                f"Data is a {type(data).__name__}: give a pair (inputs, labels), a Dataset, a DataLoader, a Hugging "
                "Face data set, or any iterable of batches (inputs, labels)."
            )
        yield from data
    else:
        yield from torch.utils.data.DataLoader(_plain_items(data), batch_size=TOGETHER, collate_fn=_collated)


def _indexed(data: Any) -> bool:
    """Whether it gives single examples by number, as a Dataset of torch or of Hugging Face does."""
    is_dataset = isinstance(data, torch.utils.data.Dataset) or hasattr(data, "column_names")
    return is_dataset and hasattr(data, "__getitem__") and hasattr(data, "__len__")


def _plain_items(data: Any) -> Any:
    """A Hugging Face data set gives tensors where nobody chose a format or a transformation."""
    chosen = getattr(data, "format", None)
    return data.with_format("torch") if isinstance(chosen, dict) and chosen.get("type") is None else data


def _collated(items: list[Any]) -> Any:
    try:
        return torch.utils.data.default_collate(items)
    except (TypeError, RuntimeError) as error:
        raise Incompatible(
            f"Examples cannot be put into one batch: {reason(error)}. Give tensors of one size "
            "(a transformation to tensors for pictures, padding for texts)."
        ) from None


def _inputs(batch: Any, model: nn.Module) -> list[tuple[str | None, Any]]:
    """What of a batch the network takes, by name or by place, and the labels last."""
    if isinstance(batch, Mapping):
        label = next((name for name in LABELS if name in batch), None)
        if label is None:
            raise BadValue(f"A batch has the fields {', '.join(map(str, batch))}, and none of {', '.join(LABELS)}.")
        taken = inspect.signature(model.forward).parameters
        some = [name for name in batch if name != label and (name in taken or _takes_all(taken))]
        others = [name for name in batch if name != label]
        if not some and len(others) == 1:
            return [(None, batch[others[0]]), (label, batch[label])]
        if not some:
            raise BadValue(
                f"'forward' takes {', '.join(taken) or 'nothing'}, and a batch has {', '.join(others)}: rename fields."
            )
        return [*((name, batch[name]) for name in some), (label, batch[label])]
    if isinstance(batch, tuple | list) and len(batch) >= 2:
        return [(None, part) for part in batch]
    raise BadValue(f"A batch is a {type(batch).__name__}: give (inputs, labels), or a dictionary with 'labels'.")


def _takes_all(taken: Mapping[str, inspect.Parameter]) -> bool:
    return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in taken.values())


def _tensor(value: Any, name: str | None) -> Tensor:
    try:
        tensor = value if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value))
    except (TypeError, ValueError) as error:
        what = f"'{name}'" if name else "a part of a batch"
        raise BadValue(f"No tensor can be made of {what}: {reason(error)}.") from None
    if tensor.ndim == 0:
        raise BadValue("A batch holds a single number where many examples were expected: give batches, not examples.")
    return tensor.detach().cpu()


def _numbers(labels: Tensor) -> Tensor:
    return labels.float() if labels.is_floating_point() else labels.long()


def _class_names(data: Any) -> tuple[str, ...]:
    """As torchvision's data sets and those of Hugging Face say them."""
    data = getattr(data, "dataset", data)
    names = getattr(data, "classes", None)
    features = getattr(data, "features", None)
    if isinstance(features, Mapping):
        names = next((features[name].names for name in LABELS if hasattr(features.get(name), "names")), names)
    return tuple(map(str, names)) if isinstance(names, list | tuple) else ()


def _said(given: tuple[Given, ...]) -> str:
    return " and ".join(f"{'x'.join(map(str, one.shape)) or 'one'} {str(one.dtype)[6:]}" for one in given)
