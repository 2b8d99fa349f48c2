"""A person's data on the command line: added, listed, removed. What needs more than names is imported in use."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pruning.cli import output
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.kinds import SPLITS
from pruning.zoo.own_data import kept

READERS = ("folder", "zip", "arrays", "table")
"""What data is added from: names of readers, and of options of the command."""
ORDERED = 0.75
"""Share of right answers above which a better order of classes is not looked for."""


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


def mixed_up(study: Study, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence where the network's outputs are in another order than the classes of a person's data.

    Args:
        rows: what was measured, in which the dense accuracy stands.
    """
    name = study.base.data_name or ""
    dense = [row["value"] for row in rows if row["measure"] == "accuracy" and "dense_correct" in row["value"]]
    if not name.startswith("own:") or not dense or dense[0]["dense_correct"] > ORDERED * dense[0]["count"]:
        return []
    from pruning.cli.compute import compute
    from pruning.results.failures.answers import Answers
    from pruning.results.failures.class_order import order_sentence
    from pruning.zoo.match import class_name

    options = {"keep": "classes", "count": 2000}
    asked = Study(base=study.base, measures=(MeasureSpec(name="logits", options=options),))
    seen = Answers.read(compute(asked)[0]["value"])
    said = order_sentence(seen, lambda label: class_name(study.base.model, name, label), study.base.task.unit)
    return [said] if said else []


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
