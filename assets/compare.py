"""Measure what the page Compare shows first: ``python assets/compare.py [--models resnet_20 …] [--only times]``.

For each model every approach of ``pruning/approaches.py``, with one training each: right and wrong on 10,000 test and
5,000 validation images, bytes and MACs; and the times of a pass in ONNX Runtime, by turns with the dense network.
Writes ``assets/grids/compare_MODEL.json``, which the app labels as stored with the program; times stand under the name
of the machine that they were measured on and are never mixed with others. Resumable: results and trainings lie in
``.train/compare``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from pruning.approaches import Plan, approaches, study_of, timing_of  # noqa: E402
from pruning.errors import PruningError  # noqa: E402
from pruning.run import run  # noqa: E402
from pruning.settings import machine  # noqa: E402
from pruning.specs import Base, Study  # noqa: E402
from pruning.store import Store  # noqa: E402

MODELS = ("lenet_300_100", "lenet_5", "resnet_20", "mobilenet_v2_small")
LEFT_OUT = {"resnet_20": ("w50", "c30", "c70"),
            "mobilenet_v2_small": ("w50", "w95", "n_m", "w90_b4", "c70", "c70_t", "c70_t_int8", "c70_t_b4", "s25_t",
                                   "s_shallow_t", "c50_w50_t_b8", "trained_on", "b4_aware", "w90_b8", "c30", "s50",
                                   "w80", "w90", "c50", "c30_t", "c30_t_int8", "c30_t_b4", "s50_t", "s50_t_int8")}
"""What takes too long on a small machine, with minutes a training; the page offers to measure it."""


def where() -> str:
    """This machine without its host's name."""
    return machine().split(": ", 1)[-1]


def entries(study: Study, store: Store) -> dict[str, Any]:
    """The results of a study under the keys by which a page asks; a timing under this machine's public name."""
    found = {}
    cells = {cell.coordinates["network"]: cell for cell in study.cells()}
    for row in run(study, store):
        cell = cells[row["coordinates"]["network"]]
        (spec,) = (spec for spec in study.measures if cell.measure_key(spec) == row["measure_key"])
        found[cell.measure_key(spec, where())] = {
            "state_key": row["state_key"], "measure": spec.name, "value": row["value"],
            "seconds": round(row["seconds"], 4), "images": spec.build().images(),
        }  # fmt: skip
    return found


def save(path: Path, measures: dict[str, Any]) -> None:
    """The file, whole or not at all."""
    about = {
        "schema_version": 1, "made_by": f"python assets/compare.py --models {path.stem.removeprefix('compare_')}",
        "device": "cpu", "date": datetime.now(UTC).date().isoformat(), "machine": where(), "torch": torch.__version__,
    }  # fmt: skip
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({**about, "measures": measures}, separators=(",", ":")) + "\n")
    os.replace(temporary, path)


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
        path, base = ROOT / "assets" / "grids" / f"compare_{name}.json", Base(model=name)
        measures: dict[str, Any] = json.loads(path.read_text())["measures"] if path.exists() else {}
        used: set[str] = set()
        every = approaches(Plan(model=name))
        for approach in [every[way] for way in options.ways or every]:
            if approach.name in LEFT_OUT.get(name, ()):
                continue
            for part, made in (("training", study_of), ("times", timing_of)):
                began = time.perf_counter()
                try:
                    study = made(base, approach)
                    (cell,) = study.cells()
                    keys = {cell.measure_key(spec, where()) for spec in study.measures}
                    used |= keys
                    if part not in options.only or keys <= set(measures):
                        continue
                    measures |= entries(study, store)
                except PruningError as error:
                    print(f"{name} {approach.name} {part}: {error}", flush=True)
                    continue
                save(path, measures)
                print(f"{name} {approach.name} {part} {time.perf_counter() - began:.0f} s", flush=True)
        # What nothing asks for any more, of other weights or versions, is left out.
        save(path, measures if options.ways else {key: value for key, value in measures.items() if key in used})


if __name__ == "__main__":
    main()
