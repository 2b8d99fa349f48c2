"""Names of classes, where a checkpoint says them beside its weights, in the order of the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = ("classes", "class_names", "categories", "labels", "names", "idx_to_class", "class_to_idx", "id2label")


def class_names(values: Mapping[tuple[str | int, ...], Any]) -> tuple[str, ...]:
    """The names; empty where none are said, or not one for each number from 0 on.

    Args:
        values: what the checkpoint held beside its tensors, by place: a list, a table of numbers by name
            (``class_to_idx``), or of names by number.

    >>> class_names({("class_to_idx", "cat"): 1, ("class_to_idx", "ant"): 0, ("epoch",): 7})
    ('ant', 'cat')
    >>> class_names({("meta", "classes"): ["ant", "cat"]})
    ('ant', 'cat')
    """
    for name in NAMES:
        for place, value in values.items():
            if place[-1] == name and isinstance(value, list) and value and all(type(one) is str for one in value):
                return tuple(value)
        table = {place[-1]: value for place, value in values.items() if len(place) > 1 and place[-2] == name}
        if table and all(type(value) is int for value in table.values()):
            table = {value: key for key, value in table.items()}
        numbered = {int(key): value for key, value in table.items() if str(key).isdigit()}
        if numbered and len(numbered) == len(table) and sorted(numbered) == list(range(len(numbered))):
            return tuple(str(numbered[number]) for number in range(len(numbered)))
    return ()
