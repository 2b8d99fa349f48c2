"""Do the findings on recovery hold here? ``python assets/reproduce.py [--only lottery han rounds rates deep]``.

Each experiment is a set of networks over three seeds, measured on test once, at the end of their trainings:

- ``lottery``: LeNet-300-100, iterative magnitude pruning with rewinding, 20 % of the remaining weights a round, against
  re-initialised tickets and random masks (Frankle & Carbin 2019). The page Lottery ticket shows it.
- ``han``: LeNet-300-100 and LeNet-5 with a twelfth of their weights against the dense network (Han et al. 2015).
- ``rounds``: LeNet-5, iterative against one shot at the same number of training steps; ``deep``: ResNet-20, with few
  steps and one density, underpowered.
- ``rates``: LeNet-5, learning-rate rewinding and weight rewinding against fine-tuning (Renda et al. 2020).

Writes ``assets/lottery/lenet_300_100.json`` and ``assets/reproduced/NAME.json``. Resumable: trainings and results lie
in ``.train/reproduce``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from pruning.common.environment import machine  # noqa: E402
from pruning.steps.prune import Prune  # noqa: E402
from pruning.steps.train import Train  # noqa: E402
from pruning.store.store import Store  # noqa: E402
from pruning.study.methods.defaults import defaults_of  # noqa: E402
from pruning.study.methods.recipes import iterative, one_shot, rewound  # noqa: E402
from pruning.study.methods.tickets import TEST, TRACE, Experiment, levels_of  # noqa: E402
from pruning.study.recipe import AnyStep  # noqa: E402
from pruning.study.run import run  # noqa: E402
from pruning.study.study import Network, Study  # noqa: E402
from pruning.zoo.base import Base  # noqa: E402

SEEDS = (0, 1, 2)
PAPER = Train(
    steps=1200, batch=60, optimiser="adam", lr=1.2e-3, schedule="constant", warmup=0, weight_decay=0, looks=24
)
"""Adam at 1.2e-3, batches of 60 (Frankle & Carbin 2019, figure 2), on fewer steps than the paper's 50,000."""
FINE = Train(steps=2400, batch=100, lr=0.02, schedule="one_cycle", warmup=0.1)
QUICK = FINE.model_copy(update={"steps": 1200})
DEEP = Train(steps=100, batch=128, lr=0.05, schedule="one_cycle", warmup=0.1, crop=2, flip=True, looks=4)

Arm = tuple[str, int, Base, tuple[AnyStep, ...]]
"""Name, sparsity (per mille), and where and how."""


def lottery() -> Experiment:
    """Fifteen rounds: down to 3.5 % of the weights."""
    return Experiment(train=PAPER, levels=levels_of(0.2, 15), seeds=SEEDS)


def han() -> Iterator[Arm]:
    """A twelfth of the weights, in five rounds of pruning and training."""
    for model in ("lenet_300_100", "lenet_5"):
        for seed in SEEDS:
            recipe = iterative(Prune(sparsity=917), FINE.model_copy(update={"seed": seed}), 5)
            yield "iterative", 917, Base(model=model, seed=seed), recipe


def rounds() -> Iterator[Arm]:
    """Four rounds against one, at the same number of steps."""
    for level in (950,):
        for seed in SEEDS:
            base, train = Base(model="lenet_5", seed=seed), QUICK.model_copy(update={"seed": seed})
            yield "one shot", level, base, one_shot(Prune(sparsity=level), train)
            yield "iterative", level, base, iterative(Prune(sparsity=level), train, 4)


def deep() -> Iterator[Arm]:
    """The same on ResNet-20: one set of weights, three data orders, a quarter of an epoch."""
    for seed in SEEDS:
        base, train = Base(model="resnet_20"), DEEP.model_copy(update={"seed": seed})
        yield "one shot", 950, base, one_shot(Prune(sparsity=950), train)
        yield "iterative", 950, base, iterative(Prune(sparsity=950), train, 4)


def rates() -> Iterator[Arm]:
    """Fine-tuning at a tenth of the peak; the whole original schedule in as many steps; that from early weights."""
    peak = defaults_of("lenet_5").peak
    for level in (950,):
        for seed in SEEDS:
            base, train = Base(model="lenet_5", seed=seed), QUICK.model_copy(update={"seed": seed})
            low = train.model_copy(update={"schedule": "cosine", "warmup": 0.05, "lr": peak / 10})
            again = train.model_copy(update={"lr": peak, "warmup": 0.2})
            prune = Prune(sparsity=level)
            yield "fine-tuning", level, base, one_shot(prune, low)
            yield "rate rewinding", level, base, one_shot(prune, again)
            yield "weight rewinding", level, base, rewound(prune, again, "early")


EXPERIMENTS = {"han": han, "rounds": rounds, "rates": rates, "deep": deep}


def about(name: str) -> dict[str, Any]:
    """What a file says of itself."""
    return {
        "schema_version": 1,
        "experiment": {"deep": "rounds"}.get(name, name),
        "made_by": f"python assets/reproduce.py --only {name}",
        "split": "test",
        "device": "cpu",
        "machine": machine().split(": ", 1)[-1],
        "torch": torch.__version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """A file, whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(temporary, path)


def ticket_rows(store: Store) -> list[dict[str, Any]]:
    """All networks of the lottery ticket experiment, trained together round by round."""
    ((study, cells),) = lottery().studies()
    found = run(study, store, told)
    pairs = zip(cells, found[::2], found[1::2], strict=True)
    return [cell.row(trace["value"], test["value"]) for cell, trace, test in pairs]


def rows_of(name: str, store: Store) -> list[dict[str, Any]]:
    """All networks of another experiment."""
    arms = list(EXPERIMENTS[name]())
    networks = tuple(Network(base=base, recipe=recipe) for _, _, base, recipe in arms)
    found = run(Study(networks=networks, measures=(TRACE, TEST)), store, told)
    rows = []
    for (arm, level, base, recipe), trace, test in zip(arms, found[::2], found[1::2], strict=True):
        last = trace["value"]["rows"][-1]
        rows.append(
            {
                "model": base.model,
                "arm": arm,
                "level": level,
                "seed": recipe[-1].seed,  # ty: ignore[unresolved-attribute]
                "correct": test["value"]["correct"],
                "count": test["value"]["count"],
                "dense_correct": test["value"]["dense_correct"],
                "steps": last["total"],
                "weights": sum(trace["value"]["weights"]),
                "removed": sum(last["removed"]),
                "diverged": trace["value"]["diverged"],
            }
        )
    return rows


def told(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
    """A line for each result."""
    if partial and "rows" in partial and partial["rows"][-1]["measure"] == "accuracy":
        value = partial["rows"][-1]["value"]
        print(f"{done:g} of {total:g}: {value['correct']} of {value['count']}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ["lottery", *EXPERIMENTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = ROOT / ".train" / "reproduce"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'results.sqlite'}", folder)
    for name in options.only:
        print(name, flush=True)
        if name != "lottery":
            content = about(name) | {"rows": rows_of(name, store)}
            write(ROOT / "assets" / "reproduced" / f"{name}.json", content)
            continue
        rows, experiment = ticket_rows(store), lottery()
        train = experiment.train.model_dump(mode="json", exclude_defaults=True)
        said = {"name": "LeNet-300-100, 15 rounds", "model": experiment.model, "mark": experiment.mark, "train": train}
        write(ROOT / "assets" / "lottery" / "lenet_300_100.json", about(name) | said | {"rows": rows})


if __name__ == "__main__":
    main()
