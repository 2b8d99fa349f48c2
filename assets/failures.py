"""Measure what the page Failures shows first: ``python assets/failures.py [--only answers] [--models lenet_5 …]``.

*answers*: of ResNet-20, dense, with 90 % of its weights pruned and fine-tuned, and as an int8 file: answers and chances
on 10,000 test and 5,000 validation images, answers under all corruptions on 1,000, and to unknown inputs; written to
``assets/grids/failures.json``. *seeds*: networks of each kind that differ in their seed alone, for exemplars and for
the test over networks; a summary each in ``assets/failures/MODEL.json``. Resumable: networks and results lie in
``.train/failures``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import UTC, datetime

from grids import ROOT, Grid, run, torch, where

from pages.choices.failures import COUNTS, SPLITS, Suspicion, logits, replicates
from pages.choices.setting import Setting
from pruning.results.failures.seeds import summary
from pruning.store.store import Store
from pruning.study.study import Study

FIRST = Setting(model="resnet_20").at(900)
WAYS = ("fine", "int8")
SEEDS = {"lenet_5": 12, "lenet_300_100": 30, "resnet_20": 5}
FOLDER = ROOT / "assets" / "failures"


def answers(store: Store) -> None:
    """Put the first view of the page into its grid."""
    grid = Grid(ROOT / "assets" / "grids" / "failures.json", "python assets/failures.py")
    for small, way in ((False, WAYS[0]), *((True, way) for way in WAYS)):
        chosen = Suspicion(way=way)
        clean = chosen.study(FIRST, small, *(logits(split, COUNTS[split]) for split in SPLITS))
        for study in (clean, chosen.unknown(FIRST, small), chosen.weather(FIRST, small)):
            began = time.perf_counter()
            put(study, store, grid)
            print(f"{way if small else 'dense'}: {time.perf_counter() - began:.0f} s", flush=True)
    grid.forget()


def put(study: Study, store: Store, grid: Grid) -> None:
    """The results of a study of one cell, from the store where it has them, go into the grid."""
    (cell,) = study.cells()
    for row, spec in zip(run(study, store), study.measures, strict=True):
        key = cell.measure_key(spec)
        if not grid.get([key]):
            about = {"state_key": row["state_key"], "measure": spec.name, "images": spec.build().images()}
            grid.measures[key] = {**about, "value": row["value"], "seconds": round(row["seconds"], 4), **grid.later}
    grid.save()


def seeds(model: str, store: Store) -> None:
    """Train the networks of a model, and keep what the page needs of them."""
    setting, count = Setting(model=model).at(900), SEEDS[model]
    began = time.perf_counter()
    rows = run(replicates(setting, count), store)
    kept = summary([row["value"] for row in rows], count)
    about = {"made_by": f"python assets/failures.py --only seeds --models {model}", "machine": where()}
    about |= {"date": datetime.now(UTC).date().isoformat(), "torch": torch.__version__, "setting": setting.query()}
    FOLDER.mkdir(exist_ok=True)
    temporary = FOLDER / f"{model}.tmp"
    temporary.write_text(json.dumps({"schema_version": 1, **about, **kept}, separators=(",", ":")) + "\n")
    os.replace(temporary, FOLDER / f"{model}.json")
    print(f"{model}: {2 * count} networks in {time.perf_counter() - began:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=("answers", "seeds"), default=("answers", "seeds"))
    parser.add_argument("--models", nargs="+", choices=tuple(SEEDS), default=tuple(SEEDS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = ROOT / ".train" / "failures"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'results.sqlite'}", folder)
    if "answers" in options.only:
        answers(store)
    if "seeds" in options.only:
        for model in options.models:
            seeds(model, store)


if __name__ == "__main__":
    main()
