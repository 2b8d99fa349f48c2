"""What can be pruned of a network, in sentences, and its measured accuracy beside the one that its owner states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pruning.common.levels import share_in_percent
from pruning.criteria.kinds import granularities
from pruning.results.intervals import wilson
from pruning.results.sentences import alone

NAMED = 3
"""Layers that a sentence names."""


def inventory_sentences(value: Mapping[str, Any]) -> list[str]:
    """The prunable share, what is left alone, and what can be removed for good of each granularity.

    Args:
        value: of the measure *inventory*.
    """
    of = value["parameters"]
    said = [
        f"{value['prunable']:,} of its {of:,} parameters ({share_in_percent(value['prunable'], of)}) can be pruned, in "
        f"{value['layers']} layers."
    ]
    if value["masked"]:
        said.append(f"{value['masked']:,} of them are pruned already.")
    if value["left_alone"]:
        said.append(alone(value))
    for kind, found in value["removable"].items():
        said.append(f"{granularities[kind].label}: {_removable(found, of)}")
    return said


def _removable(found: Mapping[str, Any], of: int) -> str:
    reasons = [f"{why}{f' ({_layers(names)})' if found['units'] else ''}" for why, names in found["reasons"].items()]
    if not found["units"]:
        return f"none can be removed: {'; '.join(reasons[:2]) or 'there are none'}."
    more = f"; and {len(reasons) - 3} other reasons" if reasons[3:] else ""
    kept = f" Kept whole: {'; '.join(reasons[:3])}{more}." if reasons else ""
    share = share_in_percent(found["weights"], of)
    units = f"{found['units']:,} in {found['groups']} {'group' if found['groups'] == 1 else 'groups'}"
    return f"{units} can be removed for good, from layers with {share} of all.{kept}"


def _layers(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def judged(accuracy: Mapping[str, Any] | None, stated: float | None) -> str:
    """The measured accuracy with its interval, and whether the stated one lies in it.

    >>> judged({"correct": 918, "count": 1000}, 0.931)
    'Accuracy 91.8 % on 1,000 test images; 93.1 % is stated, which lies within the 95 % interval (89.9 to 93.3).'
    >>> judged(None, 0.931)
    '93.1 % is stated; it is not measured, since no data set of its own is here.'
    """
    if accuracy is None:
        told = "" if stated is None else f"{100 * stated:.1f} % is stated; it is"
        return f"{told or 'Its accuracy is'} not measured, since no data set of its own is here."
    correct, count = accuracy["correct"], accuracy["count"]
    low, high = wilson(correct, count)
    found = f"Accuracy {share_in_percent(correct, count)} on {count:,} test images"
    interval = f"the 95 % interval ({100 * low:.1f} to {100 * high:.1f})"
    if stated is None:
        return f"{found}, {interval}."
    if low <= stated <= high:
        return f"{found}; {100 * stated:.1f} % is stated, which lies within {interval}."
    why = "other pictures, another way to make them ready, or classes in another order"
    return f"{found}; {100 * stated:.1f} % is stated, which lies outside {interval}: {why}."
