"""Measure what the first visit shows: ``python assets/grids.py [--models lenet_5 …]``.

For each embedded model: the layer profile, and at every level of the curve the accuracy on all 10,000 test images (with
and without BatchNorm recalibration) and the sizes; for the page Structure what it shows first, but for the times, which
are measured where it is shown. Writes ``assets/grids/MODEL.json``, whose results the app labels as stored with the
program. Resumable: what a grid already holds under the same key is not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from pages.choices.setting import Setting  # noqa: E402
from pages.structure.words import FIRST  # noqa: E402
from pruning.common.environment import machine  # noqa: E402
from pruning.network.weights import has_batch_norm  # noqa: E402
from pruning.results.frames import GRID  # noqa: E402
from pruning.study.fold import state_of  # noqa: E402
from pruning.study.run import run  # noqa: E402
from pruning.study.study import MeasureSpec, Study  # noqa: E402
from pruning.zoo.kinds import models  # noqa: E402

ACCURACY, PROFILE, SIZE, VERDICTS = (MeasureSpec(name=name) for name in ("accuracy", "profile", "size", "verdicts"))
STRUCTURE = tuple(MeasureSpec(name=name) for name in ("structure", "memory", "accuracy"))
"""What the page Structure shows of its first view at once; its times are this machine's, and measured there."""


MORE = {
    "lenet_300_100": (("magnitude_l1", "uniform"), ("gradient_x_weight", "global"), ("random", "global")),
    "lenet_5": (("magnitude_l1", "uniform"), ("random", "global")),
}
"""Criteria and allocations that the Curves page shows at once, beside magnitude with one threshold."""
PAIRS_AT = 950
"""The level at which the Curves page compares pairs first."""


def studies(setting: Setting) -> list[Study]:
    """Everything that a page shows of a setting at once, at the levels of the curve."""
    model = state_of(setting.base, ()).model
    wanted = [setting.study(PROFILE), setting.curve(ACCURACY, GRID)]
    if setting.model in MORE:
        wanted.append(setting.curve(VERDICTS, (PAIRS_AT,)))
    if (setting.scorer, setting.allocation) == ("magnitude_l1", "global"):
        wanted.append(setting.curve(SIZE, GRID))
    if has_batch_norm(model):
        wanted.append(setting.curve(ACCURACY, GRID, recalibrate=True))
    return wanted


def where() -> str:
    """This machine without its host's name."""
    return machine().split(": ", 1)[-1]


class Grid:
    """A grid file as the store that a run fills, written whole after every result. Date and machine are those of the
    first result; one that was added on another day or machine has its own."""

    def __init__(self, path: Path, made_by: str = "") -> None:
        self.path, self.made_by = path, made_by or f"python assets/grids.py --models {path.stem}"
        before = json.loads(path.read_text()) if path.exists() else {}
        self.measures: dict[str, Any] = before.get("measures", {})
        now = {"date": datetime.now(UTC).date().isoformat(), "machine": where()}
        self.first = {name: before.get(name, words) for name, words in now.items()}
        self.later = {name: words for name, words in now.items() if words != self.first[name]}
        self.used: set[str] = set()

    def get(self, keys: Iterable[str]) -> dict[str, SimpleNamespace]:
        """Results that are there already are not measured again."""
        keys = list(keys)
        self.used.update(keys)
        have = {key: self.measures[key] for key in keys if key in self.measures}
        return {k: SimpleNamespace(value=v["value"], seconds=v["seconds"], origin="bundled") for k, v in have.items()}

    def put(self, key: str, value: dict[str, Any], **about: Any) -> None:
        """Take in one result."""
        self.measures[key] = {
            "state_key": about["state_key"],
            "measure": about["measure"],
            "value": value,
            "seconds": round(about["seconds"], 4),
            "images": about["images"],
            **self.later,
        }
        self.save()

    def write(self, kind: str, key: str, data: bytes, suffix: str) -> Path:
        """A grid holds no files: what a measure would keep is made again."""
        return self.path

    def read(self, kind: str, key: str, suffix: str) -> bytes | None:
        """A grid holds no files."""
        return None

    def save(self) -> None:
        """Write the file, whole or not at all."""
        about = {
            "schema_version": 1,
            "made_by": self.made_by,
            "device": "cpu",
            **self.first,
            "torch": torch.__version__,
        }
        self.path.parent.mkdir(exist_ok=True)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps({**about, "measures": self.measures}, separators=(",", ":")) + "\n")
        os.replace(temporary, self.path)

    def forget(self) -> None:
        """Drop results of other weights or versions, at the end."""
        self.measures = {key: value for key, value in self.measures.items() if key in self.used}
        self.save()


def main() -> None:
    embedded = [name for name in models if models[name].embedded]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=embedded, default=embedded)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.models:
        grid = Grid(ROOT / "assets" / "grids" / f"{name}.json")
        for scorer, allocation in (("magnitude_l1", "global"), *MORE.get(name, ())):
            for study in studies(Setting(model=name, scorer=scorer, allocation=allocation)):
                rows = run(study, grid)
                seconds = sum(row["seconds"] for row in rows)
                print(f"{name} {scorer} {allocation} {study.measures[0].name} {seconds:.0f} s", flush=True)
        if name == FIRST.model:
            run(FIRST.study(*STRUCTURE), grid)
        grid.forget()


if __name__ == "__main__":
    main()
