"""Do the orderings of the literature hold here? ``python assets/orderings.py [--models lenet_5] [--count 1000]``.

For each embedded model and three seeds (training seeds where there are three, else seeds of the draw): every criterion,
its shuffled and its inverted self, at the level where magnitude keeps half of its margin over chance, on validation
images. Writes ``assets/orderings/MODEL.json``: the table, and for each claim whether it holds. Resumable.
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

from pruning.common.environment import machine  # noqa: E402
from pruning.common.errors import PruningError  # noqa: E402
from pruning.criteria.compatibility import allocations_for, granularities_for  # noqa: E402
from pruning.criteria.kinds import Solver, scorers  # noqa: E402
from pruning.results.literature import claims  # noqa: E402
from pruning.steps.prune import Prune  # noqa: E402
from pruning.study.run import run  # noqa: E402
from pruning.study.study import MeasureSpec, Study  # noqa: E402
from pruning.zoo.base import Base  # noqa: E402
from pruning.zoo.kinds import models  # noqa: E402

SEEDS = (0, 1, 2)
CONTROLS = ("shuffled", "inverted")
BESIDE = (
    ("magnitude_l1", "weight", "uniform"),
    ("magnitude_l1", "weight", "erk"),
    ("snip", "weight", "uniform"),
    ("random", "weight", "uniform"),
    ("magnitude_l1", "channel", "global"),
    ("random", "channel", "global"),
)
"""Further rows that the claims compare with."""
SLOW = {"obc", "synflow"}
"""Criteria whose work does not shrink with the sample: one seed."""


def accuracy(base: Base, step: Prune, count: int) -> dict[str, Any]:
    """Correct images of the validation split after one pruning step, and the level at which a first layer is empty."""
    measures = (
        MeasureSpec(name="accuracy", options={"split": "validation", "count": count}),
        MeasureSpec(name="profile"),
    )
    found = {row["measure"]: row["value"] for row in run(Study(base=base, recipe=(step,), measures=measures))}
    value, profile = found["accuracy"], found["profile"]
    empty = [
        next((level for level, gone in enumerate(row) if gone == size), 1000)
        for size, row in zip(profile["weights"], profile["removed"], strict=True)
    ]
    share = sum(row[step.sparsity] for row in profile["removed"]) / sum(profile["weights"])
    return {
        "correct": value["correct"],
        "count": value["count"],
        "dense_correct": value["dense_correct"],
        "first_collapse": min(empty),
        "weights_removed_share": round(share, 4),
    }


def half(base: Base, granularity: str, count: int) -> int:
    """The highest level at which magnitude keeps at least half of its margin over chance, in steps of 0.5 %."""
    low, high = 0, 200
    chance = 1 / models[base.model].classes
    while high - low > 1:
        middle = (low + high) // 2
        found = accuracy(base, Prune(granularity=granularity, sparsity=5 * middle), count)
        middle_line = (found["dense_correct"] / found["count"] + chance) / 2
        low, high = (middle, high) if found["correct"] / found["count"] >= middle_line else (low, middle)
    return 5 * low


def steps(name: str, granularity: str, allocation: str, level: int, seed: int, samples: int) -> list[tuple[str, Prune]]:
    """A criterion's own step and its controls, each with the word for it."""
    entry = scorers[name]
    solver = issubclass(entry, Solver)
    options = {"samples": samples} if "samples" in entry.model_fields and not solver else {}
    common: dict[str, Any] = {"granularity": granularity, "allocation": allocation, "sparsity": level, "seed": seed}
    made = [("", Prune(scorer=name, options=options, **common))]
    if not solver and (name, granularity, allocation) not in BESIDE and entry.family != "control":
        made += [(word, Prune(scorer=word, options={"of": name}, **common)) for word in CONTROLS]
    return made


class Table:
    """The rows so far, written whole after each."""

    def __init__(self, path: Path, made_by: str) -> None:
        self.path, self.made_by = path, made_by
        found = json.loads(path.read_text()) if path.exists() else {}
        self.rows: list[dict[str, Any]] = found.get("rows", [])
        self.levels: dict[str, int] = found.get("levels", {})

    def has(self, about: dict[str, Any]) -> bool:
        """Whether this point is measured already."""
        return any(all(row.get(key) == value for key, value in about.items()) for row in self.rows)

    def save(self, model: str) -> None:
        """Write rows and claims."""
        content = {
            "schema_version": 1,
            "model": model,
            "made_by": self.made_by,
            "seeds": sorted({row["seed"] for row in self.rows}),
            "split": "validation",
            "device": "cpu",
            "machine": machine().split(": ", 1)[-1],
            "torch": torch.__version__,
            "date": datetime.now(UTC).date().isoformat(),
            "levels": self.levels,
            "claims": claims(self.rows),
            "rows": self.rows,
        }
        self.path.parent.mkdir(exist_ok=True)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(content, indent=1) + "\n")
        os.replace(temporary, self.path)


def works() -> list[tuple[str, str, str]]:
    """Criterion, granularity and allocation of every row without a control: each criterion on the first granularity
    and allocation that it goes with, and what the claims need beside."""
    made = []
    for name in scorers.names():
        if scorers[name].family == "control" and name != "random":
            continue
        granularity = granularities_for(name)[0]
        allocations = allocations_for(name, granularity)
        if granularity != "layer_block":
            made.append((name, granularity, "global" if "global" in allocations else allocations[0]))
    return made + [work for work in BESIDE if work not in made]


def measure(model: str, count: int, samples: int, seeds: tuple[int, ...]) -> None:
    """All rows of one model."""
    made_by = f"python assets/orderings.py --models {model} --count {count} --samples {samples}"
    table = Table(ROOT / "assets" / "orderings" / f"{model}.json", made_by)
    trained = models[model].seeds
    for seed in seeds:
        base = Base(model=model, seed=seed if seed in trained else trained[0])
        draw = 0 if seed in trained else seed
        for scorer, granularity, allocation in works():
            about = {"scorer": scorer, "granularity": granularity, "allocation": allocation, "seed": seed}
            if (scorer in SLOW and seed) or table.has(about):
                continue
            place = f"{granularity} {base.seed}"
            if place not in table.levels:
                table.levels[place] = half(base, granularity, count)
            for control, step in steps(scorer, granularity, allocation, table.levels[place], draw, samples):
                began = time.perf_counter()
                row: dict[str, Any] = {"model": model, "control": control, **about}
                row |= {"training_seed": base.seed, "level": step.sparsity}
                try:
                    row |= accuracy(base, step, count)
                except PruningError as error:
                    row["error"] = str(error)
                row["seconds"] = round(time.perf_counter() - began, 2)
                table.rows.append(row)
                said = row.get("error") or f"{row['correct']} of {row['count']}"
                print(f"{model} seed {seed} {scorer} {control} {allocation} {step.sparsity}: {said}", flush=True)
                if "error" in row:
                    break
            table.save(model)
    table.save(model)


def main() -> None:
    embedded = [name for name in models if models[name].embedded]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=embedded, default=embedded)
    parser.add_argument("--count", type=int, default=1000, help="validation images")
    parser.add_argument("--samples", type=int, default=500, help="training images of criteria that take a sample")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for model in options.models:
        measure(model, options.count, options.samples, tuple(options.seeds))


if __name__ == "__main__":
    main()
