"""The watch list: what to look at when a compressed network goes out, made by rules, for people and for a monitor.

A line needs a loss beyond that of the whole which is certain on validation examples (Holm's correction over all
candidates, 5 %), and is certain again, in the same direction, on test examples (Holm's over those chosen). Its
threshold, half-way between the dense and the compressed share, is that of validation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pruning.results.failures.candidates import Candidate
from pruning.results.failures.classes import CERTAIN, interval, points
from pruning.results.failures.shifts import holm, needed

MOST = 7
"""Lines: a list that nobody reads watches nothing."""
NOTHING = "Nothing stands out"


@dataclass(frozen=True)
class WatchLine:
    """One line. Shares are 0..1 and of test examples, but for the threshold, which is of validation.

    Attributes:
        what: "recall of Shirt".
        before, after: shares of the dense and the compressed network.
        moved, low, high: after minus before, with its 95 % interval.
        whole: what the whole moved.
        threshold: a monitor warns below it.
        examples: that a monitor needs of this kind, to see the change with a power of 80 % at 5 %; None where no share
            is counted.
        of_all: in how many examples of all kinds so many of this kind are found.
        p_value: on test, after Holm's correction.
    """

    what: str
    before: float
    after: float
    moved: float
    low: float
    high: float
    whole: float
    threshold: float
    examples: int | None
    of_all: int | None
    p_value: float

    def sentence(self) -> str:
        """The line in words."""
        said = f"Watch {self.what}: it moved by {points(self.moved)} ({interval(self.low, self.high)})"
        said += f" where the whole moved by {points(self.whole)}."
        if self.examples is None or self.of_all is None:
            return said
        more = f", found in about {self.of_all:,} of all kinds" if self.of_all > self.examples else ""
        return f"{said} A monitor needs {self.examples:,} such examples{more}."


@dataclass(frozen=True)
class WatchList:
    """The lines, and of what they speak.

    Attributes:
        candidates: how many things were tested.
        networks: of each kind; with one, the list speaks of this file and not of the method.
        validation, test: examples of each.
    """

    lines: tuple[WatchLine, ...]
    candidates: int
    networks: int
    validation: int
    test: int

    def scope(self) -> str:
        """Of what the list speaks, in a sentence."""
        if self.networks < 2:
            return "One network of each kind: this list speaks of this file, not of the method that made it."
        return f"{self.networks} networks of each kind: this list speaks of the method."

    def about(self) -> str:
        """How it was made, in a sentence."""
        return (
            f"{self.candidates} things were tested, chosen on {self.validation:,} validation examples and confirmed on "
            f"{self.test:,} test examples, each time with Holm's correction at 5 %."
        )

    def text(self, title: str) -> str:
        """For a design review."""
        lines = [f"- {line.sentence()}" for line in self.lines] or [f"- {NOTHING}."]
        return "\n".join([title, "", *lines, "", self.scope(), self.about(), ""])

    def json(self, title: str) -> str:
        """For a monitor: shares, thresholds and counts of each line, with the rule in words."""
        content: dict[str, Any] = {
            "schema_version": 1,
            "title": title,
            "scope": self.scope(),
            "made": self.about(),
            "rule": "warn where the share over at least 'examples' examples is below 'threshold'",
            "lines": [asdict(line) for line in self.lines],
        }
        return json.dumps(content, indent=2, allow_nan=False)


def watch_list(
    validation: Sequence[Candidate], test: Sequence[Candidate], networks: int = 1, counts: tuple[int, int] = (0, 0)
) -> WatchList:
    """The list of what is certain on both splits, at most seven lines, the largest losses on validation first.

    Args:
        validation, test: the same candidates on either split; those that only one has are left out.
        networks: of each kind.
        counts: examples of validation and of test.
    """
    later = {one.what: one for one in test}
    both = [one for one in validation if one.what in later]
    chosen = [
        one for one, p in zip(both, holm([one.p_value for one in both]), strict=True) if p < CERTAIN and one.beyond < 0
    ]
    confirmed = holm([later[one.what].p_value for one in chosen])
    kept = [
        _line(one, later[one.what], float(p))
        for one, p in zip(chosen, confirmed, strict=True)
        if p < CERTAIN and later[one.what].beyond < 0
    ]
    order = {one.what: one.beyond for one in chosen}
    kept.sort(key=lambda line: (order[line.what], line.what))
    return WatchList(tuple(kept[:MOST]), len(both), networks, *counts)


def _line(chosen: Candidate, seen: Candidate, p_value: float) -> WatchLine:
    share = bool(np.all([0 <= one <= 1 for one in (seen.before, seen.after)]))
    examples = needed(seen.before, seen.after) if share else None
    return WatchLine(
        seen.what,
        seen.before,
        seen.after,
        seen.moved,
        seen.low,
        seen.high,
        seen.whole,
        (chosen.before + chosen.after) / 2,
        examples,
        None if examples is None else int(np.ceil(examples / seen.share)),
        p_value,
    )
