"""The words of the address of the page Curves: which curves of a link can be drawn."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from pages.choices.curves import DEFAULT, MOST, Curve, View, written
from pruning.common.errors import PruningError
from pruning.common.validation import explain
from pruning.zoo.kinds import models


def read_words(words: Mapping[str, str], start: View = DEFAULT) -> tuple[View, list[str]]:
    """The view that an address describes, and one sentence for each word that had to be changed.

    Args:
        start: what holds where the address says nothing, when it has no words at all.
    """
    if not words:
        return start, []
    changes = View.strangers(words)
    if "curves" in words:
        words = {**words, "curves": _usable(words["curves"], changes)}
    view, more = View.read(words, DEFAULT)
    seeds = models[view.model].seeds
    known = tuple(dict.fromkeys(seed for seed in view.trained if seed in seeds))
    if known != view.trained:
        listed = ", ".join(map(str, seeds))
        more.append(f"{view.model} has weights of training seeds {listed}; others were left out.")
        view = view.model_copy(update={"trained": known or seeds[:1]})
    return view, changes + more


def _usable(text: str, changes: list[str]) -> str:
    """The word without the curves that cannot be drawn, with a sentence for each; as it is where it is no list."""
    try:
        items = View.notation("curves").value(text)
    except PruningError:
        return text
    found: list[Curve] = []
    for item in items:
        try:
            curve = Curve.model_validate(item).typed()
        except ValidationError as error:
            changes.append(f"One curve of the link was left out. {explain('the curve', error)}")
        except PruningError as error:
            changes.append(f"One curve of the link was left out. {error}")
        else:
            if curve in found:
                continue
            if len(found) == MOST:
                changes.append(f"The link has more than {MOST} curves; the first {MOST} are shown.")
                break
            found.append(curve)
    return written(found)
