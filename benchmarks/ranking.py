"""Ranking 1, 10 and 100 million scores: time against one ``torch.kthvalue``, and the memory that it takes beside them.

``python benchmarks/ranking.py``: medians over alternating rounds, one thread. The scores are shared among layers as
ResNet-18's weights are. Each size has a process of its own, so that its highest memory can be read.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks._rounds import medians
from benchmarks._script import script
from benchmarks._table import Figure
from pruning.criteria.counts import ranked
from pruning.criteria.kinds import allocations
from pruning.network.weights import prunable
from pruning.zoo.checkpoints import initial

ITEM = "Ranking"
SIZES = {1_000_000: 9, 10_000_000: 5, 100_000_000: 3}
"""Scores, and rounds."""
TIME, MEMORY = 0.5, 1.5
"""Of one kthvalue's time, and of the bytes of the scores."""


def layers(count: int) -> list[int]:
    """So many scores, shared as ResNet-18's weights are."""
    sizes = [weight.numel() for weight in prunable(initial("resnet18", 0)).values()]
    shares = [max(1, size * count // sum(sizes)) for size in sizes]
    return [*shares[:-1], count - sum(shares[:-1])]


def resident(which: str) -> int:
    """Resident bytes of this process: "VmRSS" now, "VmHWM" the most since ``forget_highest``."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(which))


def forget_highest() -> None:
    """Let the highest memory start from what is held now; what was freed goes back to the system first."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def measured(sizes: list[int], rounds: int) -> dict[str, float]:
    """Seconds of each, and on Linux the peak of extra memory over the bytes of the scores; in a process of its own."""
    torch.set_num_threads(1)
    allocation, count = allocations["global"](), sum(sizes)
    ranked({str(place): torch.rand(1 + size // 100) for place, size in enumerate(sizes)}, allocation)  # warms up
    everything = torch.empty(count).normal_(generator=torch.Generator().manual_seed(0)).abs_()
    scores = {str(place): score for place, score in enumerate(everything.split(sizes))}
    found = {}
    with suppress(OSError, AttributeError):  # not Linux, or not allowed: the figure is left out
        forget_highest()
        before = resident("VmRSS")
        ranked(scores, allocation)
        found["memory"] = (resident("VmHWM") - before) / (4 * count)
    works = {
        "kthvalue": lambda: everything.kthvalue(count // 2),
        "ours": lambda: ranked(scores, allocation),
        "sort": lambda: everything.numpy().copy().sort(),
    }
    return found | medians(works, rounds)


def rows(quick: bool = False) -> Iterator[Figure]:
    """Time and memory of each size."""
    for count, rounds in SIZES.items():
        if quick and count > 10_000_000:
            continue
        rounds = 1 if quick else rounds
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(measured, (layers(count), rounds))
        name = f"{count // 1_000_000} million scores"
        how = f"one thread, median of {rounds} alternating rounds; numpy's sort of them all takes {found['sort']:.3g} s"
        yield Figure.share(
            ITEM,
            f"{name}: all 1,001 levels",
            1000 * found["ours"],
            "ms",
            how,
            "one torch.kthvalue",
            1000 * found["kthvalue"],
            TIME,
            True,
        )
        if "memory" in found:
            yield Figure(
                ITEM,
                f"{name}: most memory beside them",
                found["memory"],
                "times the scores",
                "highest resident memory of a process of its own",
                bound="at most",
                wanted=MEMORY,
                short=True,
            )


if __name__ == "__main__":
    script(rows, __doc__)
