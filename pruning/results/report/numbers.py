"""The numbers of a run as they are printed, and sentences made of the same printed numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from pruning.common.levels import in_percent
from pruning.results.intervals import mcnemar, wilson
from pruning.results.report.blocks import PrintedTable
from pruning.results.report.evidence import Evidence, Measured

MINUS = "\N{MINUS SIGN}"
HEAD = ("curve", "sparsity level", "accuracy (%)", "dense (%)", "difference (points)", "p", "seeds", "images")


@dataclass(frozen=True)
class Line:
    """One curve at one level, over its seeds, in per cent.

    Attributes:
        low, high: one seed: 95 % Wilson interval of the accuracy; several: mean minus and plus one standard deviation.
        lost: dense minus pruned, points; ``lost_low`` and ``lost_high``: its 95 % interval (one seed: paired, by
            images; several: Student's t over seeds).
        p: one seed: McNemar's; several: of the t-test over seeds that the difference is 0.
    """

    curve: str
    level: int
    split: str
    accuracy: float
    low: float
    high: float
    dense: float
    difference: float
    difference_low: float
    difference_high: float
    p: float
    seeds: int
    images: int

    @property
    def digits(self) -> int:
        return digits(self.images)

    @property
    def spread(self) -> str:
        """The accuracy with what is known of its spread: "84.2 (83.5 to 84.9)" or "84.2 ± 0.6"."""
        d = self.digits
        if self.seeds > 1:
            return f"{self.accuracy:.{d}f} ± {self.high - self.accuracy:.{d}f}"
        return f"{self.accuracy:.{d}f} ({self.low:.{d}f} to {self.high:.{d}f})"

    @property
    def change(self) -> str:
        """Pruned minus dense with its interval."""
        parts = (self.difference, self.difference_low, self.difference_high)
        one, low, high = (signed(part, self.digits) for part in parts)
        return f"{one} ({low} to {high})"

    @property
    def certain(self) -> str:
        return "< 0.001" if self.p < 0.001 else f"{self.p:.3f}"

    def cells(self) -> tuple[str, ...]:
        """As a line of the table: ``HEAD``."""
        dense = f"{self.dense:.{self.digits}f}"
        images = f"{self.images:,}"
        level = in_percent(self.level)
        return self.curve, level, self.spread, dense, self.change, self.certain, str(self.seeds), images


def digits(images: int) -> int:
    """Decimals of a percentage that so many images can tell: one image of a hundred is a point.

    >>> digits(50), digits(10_000), digits(1_000_000)
    (0, 1, 2)
    """
    return 0 if images < 200 else 1 if images < 100_000 else 2


def signed(points: float, places: int) -> str:
    """A difference with its sign, and none before a zero.

    >>> signed(-0.04, 1), signed(-2.26, 1), signed(1.0, 1)
    ('0.0', '−2.3', '+1.0')
    """
    text = f"{abs(points):.{places}f}"
    return text if float(text) == 0 else f"{MINUS if points < 0 else '+'}{text}"


def lines(evidence: Evidence) -> list[Line]:
    """A line for each curve, split and level of which accuracies were measured."""
    groups: dict[tuple[str, str, int], list[Measured]] = {}
    for one in evidence.accuracies:
        groups.setdefault((one.curve, one.split, one.level), []).append(one)
    places = {curve: place for place, curve in enumerate(evidence.curves)}
    ordered = sorted(groups, key=lambda key: (places[key[0]], key[1], key[2]))
    return [line(groups[key]) for key in ordered]


def line(points: Sequence[Measured]) -> Line:
    """The accuracies of one curve at one level, one a seed, as one line."""
    values = [point.value for point in points]
    shares = [100 * value["correct"] / value["count"] for value in values]
    changes = [100 * (value["correct"] - value["dense_correct"]) / value["count"] for value in values]
    first, images = points[0], min(value["count"] for value in values)
    common: dict[str, Any] = {
        "curve": first.curve,
        "level": first.level,
        "split": first.split,
        "accuracy": mean(shares),
        "dense": mean(100 * value["dense_correct"] / value["count"] for value in values),
        "difference": mean(changes),
        "seeds": len(points),
        "images": images,
    }
    if len(points) == 1:
        low, high = wilson(values[0]["correct"], images)
        test = mcnemar(values[0]["lost"], values[0]["gained"], images)
        bounds = {"difference_low": 100 * test["low"], "difference_high": 100 * test["high"], "p": test["p_value"]}
        return Line(**common, low=100 * low, high=100 * high, **bounds)
    spread = stdev(shares)
    low, high, p = student(changes)
    at = common["accuracy"]
    return Line(**common, low=at - spread, high=at + spread, difference_low=low, difference_high=high, p=p)


def student(values: Sequence[float]) -> tuple[float, float, float]:
    """95 % interval of the mean of two values or more by Student's t, and the two-sided p that the mean is 0."""
    from scipy.special import stdtr, stdtrit

    middle, error = mean(values), stdev(values) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, 0.975)) * error
    p = 2 * float(stdtr(len(values) - 1, -abs(middle) / error)) if error else float(middle == 0)
    return middle - half, middle + half, p


def table(found: Sequence[Line], split: str, name: str = "") -> PrintedTable:
    """The table of one split."""
    shown = [one for one in found if one.split == split]
    several = any(one.seeds > 1 for one in shown)
    spread = "mean ± one standard deviation over seeds" if several else "with 95 % Wilson intervals"
    interval = "Student's t over seeds" if several else "paired, on the same images"
    caption = f"Accuracy on the {split} split, {spread}; pruned minus dense with a 95 % interval ({interval})."
    return PrintedTable(HEAD, tuple(one.cells() for one in shown), f"{name}: {caption}" if name else caption)


def findings(found: Sequence[Line]) -> list[str]:
    """A sentence a curve and split, in Markdown: how far it goes within a point of dense, and where it ends.

    Every number is printed as in the table.
    """
    said = []
    for curve, split in dict.fromkeys((one.curve, one.split) for one in found):
        part = [one for one in found if (one.curve, one.split) == (curve, split)]
        kept = [one for one in part if round(one.difference, one.digits) >= -1]
        last = part[-1]
        if kept and kept[-1] is not last:
            where = (
                f"stays within one point of dense up to {in_percent(kept[-1].level)} sparsity of the levels measured "
                f"({kept[-1].spread} %), and has {last.spread} % at {in_percent(last.level)}"
            )
        elif kept:
            where = (
                f"stays within one point of dense up to the highest level measured, {in_percent(last.level)}: "
                f"{last.spread} %"
            )
        elif len(part) == 1:
            where = f"has {last.spread} % at {in_percent(last.level)} sparsity, {last.change} points against dense"
        else:
            first = part[0]
            where = f"is more than one point below dense at every level measured: {first.spread} % at "
            where += f"{in_percent(first.level)}"
            where += f", {last.spread} % at {in_percent(last.level)}"
        dense = f"{last.dense:.{last.digits}f}"
        said.append(f"**{curve}** {where} (dense: {dense} %; {split} split, {last.images:,} images).")
    return said
