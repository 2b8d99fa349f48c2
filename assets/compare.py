"""Measure what the page Compare shows first: ``python assets/compare.py [--models resnet_20 …] [--only times]``.

For each model every approach of ``pruning/study/methods/approaches.py``, with one training each: right and wrong on
10,000 test and 5,000 validation images, bytes and MACs; and the times of a pass in ONNX Runtime, by turns with the
dense network. Writes ``assets/grids/compare_MODEL.json``, which the app labels as stored with the program; times stand
under the name of the machine that they were measured on and are never mixed with others. Resumable: results and
trainings lie in ``.train/compare``.
"""

from __future__ import annotations

import argparse
import time

from grids import ROOT, Grid, run, torch, where

from pruning.common.errors import PruningError
from pruning.store.store import Store
from pruning.study.methods.approach_studies import study_of, timing_of
from pruning.study.methods.approaches import ComparisonPlan, approaches
from pruning.study.study import Study
from pruning.zoo.base import Base

MODELS = ("lenet_300_100", "lenet_5", "resnet_20", "mobilenet_v2_small")
LEFT_OUT = {
    "resnet_20": ("b4_aware", "trained_on", "c50_w50_t_b8", "s25_t", "s_shallow_t"),
    "mobilenet_v2_small": (
        "w50",
        "w95",
        "n_m",
        "w90_b4",
        "c70",
        "c70_t",
        "c70_t_int8",
        "c70_t_b4",
        "s25_t",
        "s_shallow_t",
        "c50_w50_t_b8",
        "trained_on",
        "b4_aware",
        "w90_b8",
        "c30",
        "s50",
        "w80",
        "w90",
        "c50",
        "c30_t",
        "c30_t_int8",
        "c30_t_b4",
        "s50_t",
        "s50_t_int8",
    ),
}
"""What takes too long on a small machine, with minutes a training; the page offers to measure it."""


def measure(study: Study, store: Store, grid: Grid) -> None:
    """Put the results of a study of one cell into the grid, under the keys by which a page asks; a timing under this
    machine's public name."""
    (cell,) = study.cells()
    for row, spec in zip(run(study, store), study.measures, strict=True):
        grid.put(
            cell.measure_key(spec, where()),
            row["value"],
            state_key=row["state_key"],
            measure=spec.name,
            seconds=row["seconds"],
            images=spec.build().images(),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--only", nargs="+", choices=("training", "times"), default=("training", "times"))
    parser.add_argument("--ways", nargs="+", help="names of approaches, in the order in which they go; none: all")
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = ROOT / ".train" / "compare"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'results.sqlite'}", folder)
    for name in options.models:
        path = ROOT / "assets" / "grids" / f"compare_{name}.json"
        grid, base = Grid(path, f"python assets/compare.py --models {name}"), Base(model=name)
        every = approaches(ComparisonPlan(model=name))
        for approach in [every[way] for way in options.ways or every]:
            if approach.name in LEFT_OUT.get(name, ()):
                continue
            for part, made in (("training", study_of), ("times", timing_of)):
                began = time.perf_counter()
                try:
                    study = made(base, approach)
                    (cell,) = study.cells()
                    keys = {cell.measure_key(spec, where()) for spec in study.measures}
                    if keys == set(grid.get(keys)) or part not in options.only:
                        continue
                    measure(study, store, grid)
                except PruningError as error:
                    print(f"{name} {approach.name} {part}: {error}", flush=True)
                    continue
                print(f"{name} {approach.name} {part} {time.perf_counter() - began:.0f} s", flush=True)
        if not options.ways:
            grid.forget()


if __name__ == "__main__":
    main()
