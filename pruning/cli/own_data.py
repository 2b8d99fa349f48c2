"""A person's data on the command line: added, listed, removed. What needs more than names is imported in use."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pruning.cli import output
from pruning.zoo.kinds import SPLITS
from pruning.zoo.own_data import kept

READERS = ("folder", "zip", "arrays", "table")
"""What data is added from: names of readers, and of options of the command."""


def add(given: argparse.Namespace) -> str:
    """Add data; what was found in it."""
    from pruning.cli.compute import progress_bar
    from pruning.zoo.own_data.adding import add_data

    reader, source = next((kind, value) for kind in READERS if (value := getattr(given, kind)))
    with progress_bar() as show:
        report = add_data(
            given.name,
            source,
            reader,
            progress=lambda done, total, note="", partial=None: show(done, total, note),
            column=given.label,
            task=given.task,
        )
    if given.json:
        return output.as_json({"name": report.name, **report.card})
    last = f"It is kept as {report.name}: python -m pruning prune --model NAME --data {report.name} --sparsity 50%,80%"
    return "\n".join([*report.sentences(), last])


def listing(as_json: bool) -> str:
    """All data that was added."""
    cards = kept.cards()
    if as_json:
        return output.as_json(cards)
    if not cards:
        return "No data was added so far: python -m pruning add-data NAME --folder FOLDER."
    lines = [
        [f"own:{name}", *(f"{sum(card['counts'][split].values()):,}" for split in SPLITS), card["summary"]]
        for name, card in cards.items()
    ]
    return output.columns(["name", *SPLITS, "summary"], lines)


def remove(given: argparse.Namespace) -> str:
    """Remove data that was added."""
    name = given.name.removeprefix("own:")
    kept.remove(name)
    if given.json:
        return output.as_json({"removed": f"own:{name}"})
    return f"own:{name} is removed. What was measured on it stays under Runs, as a record."


COMMANDS: dict[str, Callable[[argparse.Namespace], str]] = {"add-data": add, "remove-data": remove}
