"""Work of the page Quantization: errors, accuracy and a layer at once; the curve and ONNX Runtime on a button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pages.choices.quantization import INTEGER, Formats
from pages.choices.setting import Setting
from pages.shared.answers import TEST, Answer, ask
from pages.shared.standing import Standing, standing, whole
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.kinds import models

ERRORS = MeasureSpec(name="quantization")
WHOLE = MeasureSpec(name="runtime")
INT8 = MeasureSpec(name="runtime", options={"precision": "int8"})
TIMES = MeasureSpec(name="runtime_latency")


@dataclass(frozen=True)
class QuantizationAnswers:
    """What can be shown at once."""

    errors: Answer
    accuracy: Answer
    layer: Answer
    pruned: Answer

    @property
    def pending(self) -> bool:
        return any(answer.pending for answer in (self.errors, self.accuracy, self.layer, self.pruned))


def answers(setting: Setting, formats: Formats) -> QuantizationAnswers:
    """Ask for errors, then for one layer, before and after, then for the accuracy, which takes longest."""
    errors = ask(formats.study(setting, ERRORS), "quantization")
    if errors.value is None or errors.pending:
        return QuantizationAnswers(errors, Answer(), Answer(), Answer())
    names = [layer["name"] for layer in errors.value["layers"]]
    layer = layer_of(setting, names)
    levels = MeasureSpec(name="quantized_layer", options={"layer": layer})
    look = ask(formats.study(setting, levels), "quantized_layer")
    pruned = ask(setting.study(MeasureSpec(name="layer", options={"layer": layer})), "quantization_pruned")
    accuracy = Answer()
    if models[setting.model].data is not None:
        accuracy = ask(formats.study(setting, TEST), "quantization_accuracy")
    return QuantizationAnswers(errors, accuracy, look, pruned)


def layer_of(setting: Setting, names: list[str]) -> str:
    """The layer to look into: the chosen one, else one from the middle."""
    return setting.layer if setting.layer in names else names[len(names) // 2]


def curves(setting: Setting, formats: Formats) -> list[Study]:
    """Accuracy at 2 to 8 bits, by both roundings."""
    return [formats.curve(setting, rounding, TEST) for rounding in ("nearest", "gptq")]


def points(setting: Setting, formats: Formats) -> tuple[list[tuple[int, str, dict[str, Any]]], Standing]:
    """What is known of both curves, bits, rounding, value; and how their studies stand."""
    wanted = [whole(study) for study in curves(setting, formats)]
    now = standing(wanted)
    keys = {
        key: (bits, rounding)
        for one, rounding in zip(wanted, ("nearest", "gptq"), strict=True)
        for key, bits in zip(one.keys, INTEGER, strict=True)
    }
    return [(*place, now.found[key].value) for key, place in keys.items() if key in now.found], now


def runtime_study(setting: Setting, formats: Formats) -> Study:
    """Both files, run and timed."""
    one = formats.whole(setting, WHOLE)
    return one.model_copy(update={"measures": (WHOLE, INT8, TIMES)})


def runtime_values(setting: Setting, formats: Formats) -> tuple[list[dict[str, Any] | None], Standing]:
    """What is known of float32, of int8 and of their times; and how their study stands."""
    wanted = whole(runtime_study(setting, formats))
    now = standing([wanted])
    return [now.found[key].value if key in now.found else None for key in wanted.keys], now
