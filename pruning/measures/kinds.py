"""The base classes of measures, with all that a measure declares about itself, and their registry. No torch."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from pruning.common.progress import Desk
from pruning.common.registry import Entry, Registry

if TYPE_CHECKING:
    from pruning.compression.removal.onnx_runtime import Form
    from pruning.state import State


class Measure(Entry):
    """Something measured on a state: accuracy, bytes, a look inside a layer. Its result is plain data."""

    scope: ClassVar[Literal["state", "ranking"]] = "state"
    """Whether it depends on the level of the last pruning step, or only on its ranking."""
    stored: ClassVar[bool] = True
    """Whether results are worth keeping across restarts; if not they may hold numpy arrays."""
    pure: ClassVar[bool] = True
    """False for timings: they are facts about a machine, and their key holds the machine."""

    @abstractmethod
    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        """The result, JSON-ready if ``stored``; each measure documents its shapes and units."""

    def images(self) -> int | None:
        """How many images it passes through the network, for estimates of its time."""
        return None


class OnImages(Measure):
    """A measure of the network's outputs on the first images of a split."""

    split: Literal["train", "validation", "test"] = Field("test", description="Validation for choices; test to report.")
    count: int = Field(10_000, ge=1, le=1_000_000, description="Images, from the start of the split.")

    def images(self) -> int:
        return self.count


class Timing(Measure):
    """A measure of the machine: its key holds which, and it can be taken again."""

    pure: ClassVar[bool] = False

    repeat: int = Field(0, ge=0, le=10_000, description="Which measurement: another number is measured anew.")


class Calibrated(Measure):
    """A measure of files for ONNX Runtime in 8 bits, for which training images calibrate the activations."""

    calibration: int = Field(256, ge=10, le=50_000, description="Training images that calibrate int8.")
    weight_bits: Literal[7, 8] = Field(
        7, description="Bits of an int8 file's weights: with 8, processors without VNNI saturate and lose accuracy."
    )

    def form(self, precision: Literal["float32", "int8"]) -> Form:
        """The kind of file that is meant."""
        from pruning.compression.removal.onnx_runtime import Form

        return Form(precision, self.calibration, self.weight_bits)


class OnnxFile(Calibrated):
    """A measure of one file for ONNX Runtime, in either precision."""

    precision: Literal["float32", "int8"] = Field("float32", description="Numbers of weights and activations.")


measures: Registry[Measure] = Registry("measure", "pruning.measures")
