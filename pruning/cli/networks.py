"""Networks of one's own on the command line: searched, added, checked, removed. What needs torch is imported in use."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pruning.cli import output
from pruning.common.errors import BadValue, shortened
from pruning.zoo.added import kept
from pruning.zoo.kinds import models, sources

SHOWN = 40
"""Names that a search prints; the rest is counted."""


def search(words: str, as_json: bool) -> str:
    """All networks, of the list and of the libraries, whose names hold these words."""
    asked = words.lower().split()
    found = [name for name in models if ":" not in name and all(word in name for word in asked)]
    for source in sources:
        found += sources[source]().found(words)
    if as_json:
        return output.as_json(found)
    if not found:
        return f"No network has '{shortened(words)}' in its name."
    more = [f"and {len(found) - SHOWN} more: search with more words"] if len(found) > SHOWN else []
    return "\n".join([*found[:SHOWN], *more])


def add(given: argparse.Namespace) -> str:
    """Add a network; what was found, and what can be done with it."""
    from pruning.zoo.added.adding import added

    said = added(given.name, wish(given))
    if given.json:
        return output.as_json(said)
    name = f"own:{said['name']}"
    last = f"It is kept as {name}: python -m pruning prune --model {name} --sparsity 50%,80%"
    return "\n".join([*sentences(said), last])


def check(given: argparse.Namespace) -> str:
    """What can be pruned of a network of the list, or whether a file fits an architecture."""
    if given.architecture is not None:
        from pruning.zoo.added.adding import looked_at

        _, said = looked_at(wish(given))
        return output.as_json(said) if given.json else "\n".join(sentences(said))
    if given.name is None:
        raise BadValue("Name a network of the list, or give --architecture and --weights. Help: check --help.")
    from pruning.cli.compute import compute
    from pruning.results.inventory import inventory_sentences, judged
    from pruning.study.study import MeasureSpec, Study
    from pruning.zoo.base import Base

    base = Base(model=given.name, data=given.data)
    wanted = [MeasureSpec(name="inventory"), *([MeasureSpec(name="accuracy")] if base.data_name else [])]
    found = {row["measure"]: row["value"] for row in compute(Study(base=base, recipe=(), measures=tuple(wanted)))}
    stated = _share(given.accuracy)
    if stated is None and given.name.startswith("own:"):
        stated = kept.card_of(given.name.partition(":")[2]).get("stated")
    if given.json:
        return output.as_json(found | {"stated": stated})
    return "\n".join([*inventory_sentences(found["inventory"]), judged(found.get("accuracy"), stated)])


def remove(given: argparse.Namespace) -> str:
    """Remove a network that was added."""
    name = given.name.removeprefix("own:")
    kept.remove(name)
    if given.json:
        return output.as_json({"removed": name})
    return (
        f"own:{name} is removed. What was measured of it stays under Runs, as a record; nothing more can be computed "
        "of it until the same network is added again."
    )


COMMANDS: dict[str, Callable[[argparse.Namespace], str]] = {"add": add, "check": check, "remove": remove}


def wish(given: argparse.Namespace) -> Any:
    """What a person wants to add.

    Raises:
        BadValue: a value that cannot be read.
    """
    from pruning.zoo.added.adding import NewNetwork

    names = tuple(part.strip() for part in given.classes.split(",")) if given.classes else ()
    return NewNetwork(
        given.architecture,
        Path(given.weights).expanduser() if given.weights else None,
        data=given.data,
        accuracy=_share(given.accuracy),
        classes=names,
        leave_out=given.leave_out,
        label=getattr(given, "label", None) or "",
    )


def sentences(said: dict[str, Any]) -> list[str]:
    """What is said of an added network."""
    shape = "x".join(map(str, said["input_shape"]))
    return [
        *said["match"]["sentences"],
        f"{said['parameters']:,} parameters, {said['task'].replace('_', ' ')}, inputs of {shape}, "
        f"{said['classes']} outputs.",
    ]


def _share(text: str | None) -> float | None:
    """An accuracy in percent, with the sign or without, as a share."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*%?\s*", text)
    if found is None or float(found[1]) > 100:
        raise BadValue(f"'{shortened(text)}' is no accuracy: write it in percent, as in 93.1.")
    return round(float(found[1]) / 100, 6)
