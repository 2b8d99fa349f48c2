"""Do the findings on recovery hold here? ``python assets/reproduce.py [--only lottery han rounds rates]``.

Each experiment is a set of studies over three seeds, measured on test once at the end of every training:

- ``lottery``: LeNet-300-100, iterative magnitude pruning with rewinding, 20 % of the remaining weights a round, against
  re-initialised and shuffled tickets (Frankle & Carbin 2019).
- ``han``: LeNet-300-100 and LeNet-5 with a twelfth of their weights against the dense network (Han et al. 2015).
- ``rounds``: LeNet-5, iterative against one shot at the same number of training steps.
- ``rates``: LeNet-5, learning-rate rewinding and weight rewinding against fine-tuning (Renda et al. 2020).

Writes ``assets/reproduced/NAME.json``. Resumable: trainings and results lie in ``.train/reproduce``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from pruning.recipe import AnyStep, Prune, Train  # noqa: E402
from pruning.recipes import iterative, one_shot, redrawn, rewound, shuffled, ticket  # noqa: E402
from pruning.run import run  # noqa: E402
from pruning.settings import machine  # noqa: E402
from pruning.specs import Base, MeasureSpec, Study  # noqa: E402
from pruning.store import Store  # noqa: E402

SEEDS = (0, 1, 2)
MEASURES = (MeasureSpec(name="accuracy"), MeasureSpec(name="trace"))
PAPER = Train(steps=2000, batch=60, optimiser="adam", lr=1.2e-3, schedule="constant", weight_decay=0.0, looks=40)
"""Adam at 1.2e-3, batches of 60 (Frankle & Carbin 2019, figure 2), on fewer steps than the paper's 50,000."""
ROUNDS = 15
CONTROLS = (1, 3, 5, 7, 9, 11, 13, 15)
FINE = Train(steps=2400, batch=100, lr=0.02, schedule="one_cycle", warmup=0.1, crop=1)
QUICK = Train(steps=1200, batch=100, lr=0.02, schedule="one_cycle", warmup=0.1)


def cell(store: Store, base: Base, recipe: tuple[AnyStep, ...], **about: Any) -> dict[str, Any]:
    """One recipe, run and measured: what a row of the table holds."""
    values = {row["measure"]: row["value"] for row in run(Study(base=base, recipe=recipe, measures=MEASURES), store)}
    accuracy, trace = values["accuracy"], values["trace"]
    last = [row for row in trace["rows"] if row["total"] > trace["rows"][-1]["total"] - trace["rows"][-1]["step"]]
    best = min(last, key=lambda row: row["validation_loss"])
    row = {
        **about, "model": base.model, "seed": base.seed, "correct": accuracy["correct"], "count": accuracy["count"],
        "dense_correct": accuracy["dense_correct"], "early_step": best["step"], "steps": trace["rows"][-1]["total"],
        "weights": sum(trace["weights"]), "removed": sum(trace["rows"][-1]["removed"]), "diverged": trace["diverged"],
    }  # fmt: skip
    said = ", ".join(f"{key} {value}" for key, value in about.items())
    print(f"{base.model} seed {base.seed}, {said}: {accuracy['correct']} of {accuracy['count']}", flush=True)
    return row


def lottery(store: Store) -> list[dict[str, Any]]:
    """Tickets and their controls, round after round."""
    levels = tuple(round(1000 * (1 - 0.8**k)) for k in range(1, ROUNDS + 1))
    prune, rows = Prune(allocation="uniform", allocation_options={"ends": "last_half"}), []
    for seed in SEEDS:
        base, train = Base(model="lenet_300_100", mark="init", seed=seed), PAPER.model_copy(update={"seed": seed})
        rows.append(cell(store, base, (train,), arm="dense", level=0))
        for number, level in enumerate(levels, 1):
            recipe = ticket(prune, train, levels[:number])
            rows.append(cell(store, base, recipe, arm="ticket", level=level))
            if number in CONTROLS:
                rows.append(cell(store, base, redrawn(recipe, seed + 1000), arm="redrawn", level=level))
                rows.append(cell(store, base, shuffled(recipe, seed), arm="shuffled", level=level))
    return rows


def han(store: Store) -> list[dict[str, Any]]:
    """A twelfth of the weights, in five rounds of pruning and training."""
    rows = []
    for model in ("lenet_300_100", "lenet_5"):
        for seed in SEEDS:
            recipe = iterative(Prune(sparsity=917), FINE.model_copy(update={"seed": seed}), 5)
            rows.append(cell(store, Base(model=model, seed=seed), recipe, arm="iterative", level=917))
    return rows


def rounds(store: Store) -> list[dict[str, Any]]:
    """Five rounds against one, at the same number of steps."""
    rows = []
    for level in (900, 950, 980):
        for seed in SEEDS:
            base, train = Base(model="lenet_5", seed=seed), QUICK.model_copy(update={"seed": seed})
            rows.append(cell(store, base, one_shot(Prune(sparsity=level), train), arm="one shot", level=level))
            rows.append(cell(store, base, iterative(Prune(sparsity=level), train, 4), arm="iterative", level=level))
    return rows


def rates(store: Store) -> list[dict[str, Any]]:
    """Fine-tuning at the last learning rate, learning-rate rewinding, weight rewinding; the same steps each."""
    rows = []
    for level in (950, 980):
        for seed in SEEDS:
            base, train = Base(model="lenet_5", seed=seed), QUICK.model_copy(update={"seed": seed})
            low = train.model_copy(update={"schedule": "constant", "warmup": 0.0, "lr": 0.0005})
            prune = Prune(sparsity=level)
            rows.append(cell(store, base, one_shot(prune, low), arm="fine-tuning", level=level))
            rows.append(cell(store, base, one_shot(prune, train), arm="rate rewinding", level=level))
            rows.append(cell(store, base, rewound(prune, train, "early"), arm="weight rewinding", level=level))
    return rows


EXPERIMENTS = {"lottery": lottery, "han": han, "rounds": rounds, "rates": rates}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(EXPERIMENTS), default=list(EXPERIMENTS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = ROOT / ".train" / "reproduce"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'results.sqlite'}", folder)
    for name in options.only:
        rows = EXPERIMENTS[name](store)
        content = {
            "schema_version": 1, "made_by": f"python assets/reproduce.py --only {name}", "split": "test",
            "device": "cpu", "machine": machine().split(": ", 1)[-1], "torch": torch.__version__,
            "date": datetime.now(UTC).date().isoformat(), "train": PAPER.model_dump(mode="json"), "rows": rows,
        }  # fmt: skip
        path = ROOT / "assets" / "reproduced" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
