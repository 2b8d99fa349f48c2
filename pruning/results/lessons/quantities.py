"""What lessons ask about: one number of a network, with its unit and the measures that it is read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pruning.study.study import MeasureSpec

COUNT = 2000
"""Images of a split that a lesson passes: a few seconds at most for every embedded network."""
Values = Mapping[str, Mapping[str, Any]]
"""Values of measures by name."""


@dataclass(frozen=True)
class Quantity:
    """One number.

    Attributes:
        label, unit: as people read them; no unit for a plain count.
        measure: name of the measure that has it.
        read: from the measure's value to the number.
        digits: behind the point.
    """

    label: str
    unit: str
    measure: str
    read: Callable[[Mapping[str, Any]], float]
    digits: int = 1

    def words(self, value: float) -> str:
        """The number with its unit: "89.7 %"."""
        return f"{value:,.{self.digits}f} {self.unit}".strip()


QUANTITIES: dict[str, Quantity] = {
    "accuracy": Quantity("accuracy", "%", "accuracy", lambda value: 100 * value["correct"] / value["count"]),
    "changed": Quantity("answers that changed", "%", "accuracy", lambda value: 100 * value["changed"] / value["count"]),
    "file": Quantity("size of the file", "kB", "footprint", lambda value: value["bytes"] / 1000),
    "size": Quantity(
        "size of the file, of dense", "%", "footprint", lambda value: 100 * value["bytes"] / value["dense_bytes"]
    ),
    "macs": Quantity("MACs, of dense", "%", "footprint", lambda value: 100 * value["macs"] / value["dense_macs"]),
    "parameters": Quantity(
        "parameters, of dense", "%", "footprint", lambda value: 100 * value["parameters"] / value["dense_parameters"]
    ),
    "removed": Quantity(
        "parameters at zero", "", "footprint", lambda value: value["parameters"] - value["nonzero"], digits=0
    ),
}


def measures_of(quantities: tuple[str, ...], split: str) -> tuple[MeasureSpec, ...]:
    """The measures that some quantities are read from, each once, on the first ``COUNT`` images of a split."""
    options: dict[str, dict[str, Any]] = {
        "accuracy": {"split": split, "count": COUNT},
        "footprint": {"zstd_level": 3},
    }
    names = dict.fromkeys(QUANTITIES[name].measure for name in quantities)
    return tuple(MeasureSpec(name=name, options=options[name]) for name in names)


def readings(quantities: tuple[str, ...], values: Values) -> dict[str, float]:
    """Each quantity's number from the values of the measures."""
    return {name: float(QUANTITIES[name].read(values[QUANTITIES[name].measure])) for name in quantities}
