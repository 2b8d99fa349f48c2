"""Measure what the page Quantization shows first: ``python assets/quantized.py [--models lenet_5 …]``.

For each model: accuracy on all 10,000 test images at 2 to 8 bits by rounding to the nearest level and by
GPTQ, at 16 bits, the errors of each layer, and both ONNX files in ONNX Runtime. Writes ``assets/grids/quantized.json``,
whose results the app labels as stored with the program. Resumable, as ``assets/grids.py`` is.
"""

from __future__ import annotations

import argparse

from grids import ACCURACY, ROOT, Grid, run, torch

from pages.choices.quantization import BITS, Formats
from pages.choices.setting import Setting
from pruning.study.study import MeasureSpec, Study

FIRST = ("lenet_300_100",)
"""The models whose numbers come with the program."""
ERRORS = MeasureSpec(name="quantization")


def studies(model: str) -> list[Study]:
    """Everything that the page shows of a model, the first view first."""
    setting, usual = Setting(model=model), Formats()
    every = [usual.model_copy(update={"bits": bits}) for bits in BITS]
    runtime = [MeasureSpec(name="runtime", options={"precision": name}) for name in ("int8", "float32")]
    return [
        *(formats.study(setting, measure) for formats in every for measure in (ERRORS, ACCURACY)),
        *(usual.whole(setting, measure) for measure in runtime),
        usual.curve(setting, "gptq", ACCURACY),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=FIRST)
    options = parser.parse_args()
    torch.set_num_threads(1)
    grid = Grid(ROOT / "assets" / "grids" / "quantized.json", "python assets/quantized.py")
    for model in options.models:
        for study in studies(model):
            seconds = sum(row["seconds"] for row in run(study, grid))
            print(f"{model} {study.recipe} {study.measures[0].name} {seconds:.0f} s", flush=True)
    if set(options.models) == set(FIRST):
        grid.forget()


if __name__ == "__main__":
    main()
