"""What lessons ask about: one number of a network, with its unit and the measures that it is read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pruning.results.failures.answers import Answers
from pruning.results.failures.calibration import calibration_error
from pruning.results.failures.classes import recalls
from pruning.study.study import MeasureSpec

COUNT = 2000
"""Images of a split that a lesson passes: a few seconds at most for every embedded network."""
Values = Mapping[str, Mapping[str, Any]]
"""Values of measures by name in ``LOOKS``."""
ON_IMAGES = {"count": COUNT}
LOOKS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "accuracy": ("accuracy", ON_IMAGES, True),
    "footprint": ("footprint", {"zstd_level": 3}, False),
    "answers": ("logits", ON_IMAGES, True),
    "blurred": ("logits", ON_IMAGES | {"corruption": "blur", "severity": 3}, True),
}
"""What quantities are read from: a measure, its options, and whether it is of the images of a split."""


def _worst(value: Mapping[str, Any]) -> float:
    return 100 * float(recalls([Answers.read(value)])[0].min())


def _calibration(value: Mapping[str, Any]) -> float:
    answers = Answers.read(value)
    return 100 * calibration_error(answers.confidence, answers.right)


def _right(value: Mapping[str, Any]) -> float:
    return 100 * float(Answers.read(value).right.mean())


@dataclass(frozen=True)
class Quantity:
    """One number.

    Attributes:
        label, unit: as people read them; no unit for a plain count.
        measure: what it is read from, a name in ``LOOKS``.
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
    "worst_class": Quantity("recall of the worst class", "%", "answers", _worst),
    "calibration": Quantity("calibration error", "%", "answers", _calibration),
    "blurred": Quantity("accuracy on blurred images", "%", "blurred", _right),
    "removed": Quantity(
        "parameters at zero", "", "footprint", lambda value: value["parameters"] - value["nonzero"], digits=0
    ),
}


def looks_of(quantities: tuple[str, ...]) -> list[str]:
    """What some quantities are read from, each once."""
    return list(dict.fromkeys(QUANTITIES[name].measure for name in quantities))


def measures_of(quantities: tuple[str, ...], split: str) -> tuple[MeasureSpec, ...]:
    """The measures of ``looks_of``, on the first ``COUNT`` images of a split."""
    looks = [LOOKS[look] for look in looks_of(quantities)]
    return tuple(
        MeasureSpec(name=name, options=options | ({"split": split} if images else {}))
        for name, options, images in looks
    )


def readings(quantities: tuple[str, ...], values: Values) -> dict[str, float]:
    """Each quantity's number from the values of the measures."""
    return {name: float(QUANTITIES[name].read(values[QUANTITIES[name].measure])) for name in quantities}
