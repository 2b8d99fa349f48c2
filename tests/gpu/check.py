"""One check of a GPU, at most five minutes: ``make gpu``, or ``python tests/gpu/check.py [--device cuda:1]``.

It goes every road of ``roads.py`` once and times ranking, curve and training as ``benchmarks/gpu.py`` does; a Markdown
table goes to standard output. It ends with 1 if anything is wrong, and says so in one sentence and ends with 0 where
there is no CUDA device. ``--smoke``: few roads and no repetitions, for a look at whether the check itself still works.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from benchmarks import gpu
from benchmarks._table import HEAD, Figure, table
from pruning.common.environment import machine
from pruning.common.errors import Missing
from tests.gpu.roads import LeftOut, roads

ALONE = {"resnet_20": 10_000, "resnet50": 1_000}
"""Networks that are ranked, and the images of their curves; torchvision's only where it is."""


@dataclass(frozen=True)
class Outcome:
    """What became of one road: "ok", "left out" or "failed", and in words what was found."""

    part: str
    name: str
    state: str
    seconds: float
    said: str


def outcome(part: str, name: str, go: Callable[[], str]) -> Outcome:
    """Go a road; nothing that happens on it ends the check."""
    began = time.perf_counter()
    try:
        state, said = "ok", go()
    except (LeftOut, Missing, ImportError) as error:
        state, said = "left out", str(error)
    except Exception as error:
        state, said = "failed", f"{type(error).__name__}: {error}"
    return Outcome(part, name, state, round(time.perf_counter() - began, 3), " ".join(said.split())[:300])


def timings(device: str, smoke: bool) -> Iterator[tuple[str, Callable[[], Iterator[Figure]]]]:
    """Figures of each kind, by its name: ranking, masks and curve of a network, and training."""
    for name, images in {"lenet_300_100": 60}.items() if smoke else ALONE.items():
        yield (
            f"ranking and curve of {name}",
            lambda n=name, i=images: gpu.alone(n, i, 1 if smoke else gpu.ROUNDS, device),
        )
    yield "training", lambda: gpu.training(device, *((2, 1, "lenet_5") if smoke else (200, 3)))


def checked(device: str, smoke: bool) -> tuple[list[Outcome], list[Figure]]:
    """All roads, or the smoke check's; then the times. Each is told as it is done."""
    found: list[Outcome] = []
    figures: list[Figure] = []

    def tell(one: Outcome) -> None:
        found.append(one)
        print(f"{one.state:>9}  {one.seconds:7.2f} s  {one.part}: {one.name}  {one.said}", file=sys.stderr, flush=True)

    def timed(make: Callable[[], Iterator[Figure]]) -> str:
        made = list(make())
        figures.extend(made)
        return f"{len(made)} figures"

    for road in roads(device):
        if road.smoke or not smoke:
            tell(outcome(road.part, road.name, road.go))
    for name, make in timings(device, smoke):
        tell(outcome("times", name, lambda make=make: timed(make)))
    return found, figures


def told(found: list[Outcome], figures: list[Figure]) -> str:
    """Both tables."""
    head = ["part", "road", "state", "s", "found"]
    lines = [[one.part, one.name, one.state, f"{one.seconds:.2f}", one.said] for one in found]
    times = [["times", *HEAD]] + [[figure.item, *figure.cells()] for figure in figures]
    return "\n".join([*table(head, lines), "", *table(times[0], times[1:])])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda:0", help="cuda:0, cuda:1, …; cpu with --smoke")
    parser.add_argument("--json", type=Path, help="write everything here, too")
    parser.add_argument("--smoke", action="store_true", help="few roads, no repetitions")
    given = parser.parse_args(arguments)
    if given.device.startswith("cuda") and not torch.cuda.is_available():
        print("No CUDA device on this machine: nothing was checked.")
        return 0
    began = time.perf_counter()
    found, figures = checked(given.device, given.smoke)
    name = torch.cuda.get_device_name(given.device) if given.device.startswith("cuda") else "CPU"
    about = {
        "device": f"{name} ({given.device})",
        "machine": machine().partition(": ")[2],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "seconds": round(time.perf_counter() - began, 1),
    }
    counts = {state: sum(one.state == state for one in found) for state in ("ok", "left out", "failed")}
    print(", ".join(f"{name}: {value}" for name, value in (about | counts).items()), told(found, figures), sep="\n\n")
    if given.json:
        content = about | {"roads": [asdict(one) for one in found], "figures": [one.as_json() for one in figures]}
        given.json.write_text(json.dumps(content, indent=1) + "\n")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
