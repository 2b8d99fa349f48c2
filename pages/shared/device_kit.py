"""A device kit as a download: networks that workers make, and the script that times them elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pages.shared.jobs import file_of
from pruning.common.errors import PruningError
from pruning.study.study import MeasureSpec, Study

WAIT = 300
"""Seconds that one network's file may take."""


@dataclass(frozen=True)
class KitPart:
    """A network of a kit: by which name its times are known again, what people call it, and the work that makes its
    ONNX file, of one measure and one cell."""

    name: str
    label: str
    study: Study
    input_shape: tuple[int, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


def onnx(precision: str = "float32") -> MeasureSpec:
    """What makes a kit's file."""
    return MeasureSpec(name="runtime_file", options={} if precision == "float32" else {"precision": precision})


def zipped(key: str, title: str, wanted: Sequence[KitPart]) -> bytes:
    """The kit; runs in the download's own thread. An error becomes the file's text."""
    from pruning.results.device.kit import KitNetwork, device_kit

    try:
        made = [KitNetwork(one.name, one.label, file_of(one.study, WAIT), one.input_shape, one.about) for one in wanted]
    except PruningError as error:
        return f"{error}\n".encode()
    return device_kit(key, title, made)
