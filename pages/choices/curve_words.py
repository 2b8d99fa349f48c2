"""The words of the address of the page Curves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from pages.choices.curves import DEFAULT, MOST, VERSION, Curve, View
from pages.choices.words import SHOWN, strangers
from pruning.common.errors import PruningError
from pruning.common.levels import read_percent
from pruning.common.validation import checked, explain
from pruning.zoo.kinds import datasets, models


def read_words(words: Mapping[str, str], start: View = DEFAULT) -> tuple[View, list[str]]:
    """The view that an address describes, and one sentence for each word that had to be changed.

    Args:
        start: what holds where the address says nothing, when it has no words at all.
    """
    if not words:
        return start, []
    changes = strangers(words, str(VERSION), View.model_fields)
    chosen: dict[str, Any] = {}
    for name, text in words.items():
        if name not in View.model_fields:
            continue
        try:
            if name == "curves":
                chosen[name] = _curves(text, changes)
            else:
                value = _value(name, text)
                checked("the link", View, {name: value})
                chosen[name] = value
        except (PruningError, ValueError, RecursionError) as error:
            why = str(error).removeprefix("In the link: ") if isinstance(error, PruningError) else "It cannot be read."
            changes.append(f"The link's {name} '{text[:SHOWN]}' cannot be used, the default is shown instead. {why}")
    view = View.model_validate(chosen)
    seeds = models[view.model].seeds
    known = tuple(dict.fromkeys(seed for seed in view.trained if seed in seeds))
    if known != view.trained:
        listed = ", ".join(map(str, seeds))
        changes.append(f"{view.model} has weights of training seeds {listed}; others were left out.")
        view = view.model_copy(update={"trained": known or seeds[:1]})
    return view, changes


def _value(name: str, text: str) -> Any:
    """The value that a word means."""
    if name == "trained":
        return tuple(int(part) for part in text.split(","))
    if name == "at":
        return read_percent(text)
    if name == "draws":
        return int(text)
    if name == "model":
        models[text]
    if name == "data":
        datasets[text]
    return text


def _curves(text: str, changes: list[str]) -> tuple[Curve, ...]:
    """The curves of a word that can be used; a sentence for each other."""
    content = json.loads(text)
    if not isinstance(content, list):
        raise ValueError
    found: list[Curve] = []
    for item in content:
        try:
            curve = Curve.model_validate(item)
            curve.setting().prune  # noqa: B018
            if curve in found:
                continue
            if len(found) == MOST:
                changes.append(f"The link has more than {MOST} curves; the first {MOST} are shown.")
                break
            found.append(curve)
        except ValidationError as error:
            changes.append(f"One curve of the link was left out. {explain('the curve', error)}")
        except PruningError as error:
            changes.append(f"One curve of the link was left out. {error}")
    return tuple(found)
