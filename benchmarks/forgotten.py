"""Do the literature's claims on what compressed networks forget hold here? ``python benchmarks/forgotten.py``.

Over networks that differ in their seed (``assets/failures/MODEL.json``), over the answers that come with the program
(``assets/grids/failures.json``), and over trained seeds that are pruned here. What does not hold is printed first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from pages.choices.failures import LEVELS, Suspicion, known_corruptions, logits  # noqa: E402
from pages.choices.setting import Setting  # noqa: E402
from pruning.results.failures.answers import Answers  # noqa: E402
from pruning.results.failures.calibration import calibration_error  # noqa: E402
from pruning.results.failures.classes import class_table_of_many  # noqa: E402
from pruning.results.failures.exemplars import exemplars  # noqa: E402
from pruning.results.failures.seeds import networks_of  # noqa: E402
from pruning.results.failures.severities import prune_potential  # noqa: E402
from pruning.store.store import Store  # noqa: E402
from pruning.study.run import run  # noqa: E402
from pruning.zoo.kinds import models  # noqa: E402


@dataclass(frozen=True)
class Verdict:
    """One claim on one model."""

    holds: bool
    claim: str
    found: str


def of_seeds(model: str) -> Iterator[Verdict]:
    """Claims on many networks of each kind."""
    kept = json.loads((ROOT / "assets" / "failures" / f"{model}.json").read_text())
    dense, small = networks_of(kept, "test")
    table = class_table_of_many(dense, small)
    paying = table[(table["p_holm"] < 0.05) & (table["beyond"] < 0)]
    few = 0 < len(paying) <= len(table) / 2
    where = f"{model}, {kept['networks']} seeds"
    yield Verdict(few, "damage concentrates on few classes", f"{where}: {len(paying)} of {len(table)} pay")
    found = exemplars(dense, small)
    if found.gap is None:
        yield Verdict(False, "exemplars are harder for dense networks, too", f"{where}: there is none")
        return
    said = f"{100 * found.share:.1f} % of images; dense {100 * found.dense_on.mean():.1f} % right on them, "
    said += f"{100 * found.dense_off.mean():.1f} % on others"
    yield Verdict(found.gap.high < 0, "exemplars are harder for dense networks, too", f"{where}: {said}")


def of_pruning(model: str, store: Store) -> Iterator[Verdict]:
    """Claims on networks that are pruned here without training, over the trained seeds."""
    noise, changes = [], []
    names = ["clean", *known_corruptions()]
    for seed in models[model].seeds:
        setting = Setting(model=model, weights=seed)
        chosen = Suspicion(way="pruned")
        study = chosen.potential(setting, False)
        dense = chosen.potential(setting.at(0), False).at_levels((0,))
        before, after = ([Answers.read(row["value"]) for row in run(one, store)] for one in (dense, study))
        best = {}
        for place, name in enumerate(names):
            shares = {level: float(after[at * len(names) + place].right.mean()) for at, level in enumerate(LEVELS)}
            best[name] = prune_potential(shares, float(before[place].right.mean()))
        noise.append((best["clean"], best["gaussian_noise"]))
        pair = (chosen.study(setting, small, logits("test", 10_000)) for small in (False, True))
        old, new = (Answers.read(run(one, store)[0]["value"]) for one in pair)
        changes.append([calibration_error(one.confidence, one.right) for one in (old, new)])
    falls = all(b < a for a, b in noise)
    said = ", ".join(f"{a / 10:g} % clean and {b / 10:g} % in noise" for a, b in noise)
    yield Verdict(falls, "prune potential falls under noise", f"{model}, one-shot, seed by seed: {said}")
    better = bool(np.all(np.diff(changes) < 0))
    said = ", ".join(f"{100 * a:.1f} to {100 * b:.1f}" for a, b in changes)
    level = Setting().level_words
    yield Verdict(
        better, "pruning improves calibration", f"{model}, one-shot at {level}, ECE in points by seed: {said}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=("lenet_300_100", "lenet_5"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = ROOT / ".train" / "forgotten"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'results.sqlite'}", folder)
    found: list[Verdict] = []
    for model in options.models:
        found += of_pruning(model, store)
    for file in sorted((ROOT / "assets" / "failures").glob("*.json")):
        found += of_seeds(file.stem)
    for one in sorted(found, key=lambda one: one.holds):
        print(f"{'holds' if one.holds else 'DOES NOT HOLD'}: {one.claim} ({one.found})")


if __name__ == "__main__":
    main()
