"""What the engine costs: time per job, a sweep of 40 cells on 1, 2 and more workers, and what a killed worker loses.

``python benchmarks/engine.py``: each with an engine and a store of its own. The cells are accuracies, of LeNet-5 on all
test images and of ResNet-20 on a fifth of them, one study each, asked for as slider moves are: sweeps of kept runs
leave one worker free by intention, so they would not show what workers can do.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks._rounds import seconds
from benchmarks._script import script
from benchmarks._table import Figure
from pruning.common.environment import Settings, cores
from pruning.engine.engine import Engine
from pruning.engine.jobs import JobView
from pruning.steps.prune import Prune
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

ITEM = "Engine"
JOBS, CELLS, EFFICIENCY = 40, 40, 0.9
PATIENCE = 400.0
TINY = Base(model="lenet_300_100")
SWEPT = {"lenet_5": (10_000, 2), "resnet_20": (2_000, 1)}
"""Test images, and rounds: short cells, in which the engine's own work counts, and longer ones."""


@contextmanager
def engine(workers: int) -> Iterator[Engine]:
    """With all workers there, each of which has imported what it needs."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(f"sqlite:///{folder}/store.db", Path(folder) / "artefacts", workers=workers)
        with Engine(settings) as found:
            end = time.monotonic() + PATIENCE
            while sum(worker.pid is not None for worker in found.health().workers) < workers:
                assert time.monotonic() < end, "the workers do not start"
                time.sleep(0.1)
            finish(found, [accuracy(TINY, 0, 9_000 + place) for place in range(3 * workers)])
            yield found


def accuracy(base: Base, level: int, count: int) -> Study:
    """One cell: the accuracy at a level on so many images."""
    measure = MeasureSpec(name="accuracy", options={"count": count})
    return Study(base=base, recipe=(Prune(sparsity=level),) if level else (), measures=(measure,))


def finish(engine: Engine, studies: list[Study]) -> list[JobView]:
    """Ask for all at once, and wait for all."""
    jobs = [engine.submit(study, owner="bench", durable=False) for study in studies]
    views = [engine.wait(job, PATIENCE) for job in jobs]
    assert all(view.state == "done" for view in views), [view.error for view in views if view.error]
    return views


def overhead(count: int) -> tuple[float, float]:
    """Milliseconds that a job takes beside its computation: one after another, and many at once."""
    alone = []
    with engine(1) as found:
        for number in range(count):
            began = time.perf_counter()
            (view,) = finish(found, [accuracy(TINY, 0, 1 + number)])
            assert view.rows is not None
            alone.append(time.perf_counter() - began - view.rows[0]["seconds"])
        studies = [accuracy(TINY, 0, 1 + count + number) for number in range(count)]
        began = time.perf_counter()
        views = finish(found, studies)
        computed = sum(view.rows[0]["seconds"] for view in views if view.rows)
        together = (time.perf_counter() - began - computed) / count
    return 1000 * statistics.median(alone), 1000 * together


def cells_of(base: Base, images: int, count: int, number: int) -> list[Study]:
    """So many cells, a study each; other levels in each round, so that nothing is known from before."""
    return [accuracy(base, 100 + 20 * place + number, images) for place in range(count)]


def warm(engine: Engine, base: Base, images: int, workers: int) -> None:
    """Data, weights, ranking and the dense network's answers are in every worker's memory then."""
    finish(engine, [accuracy(base, 1, images - 100 + place) for place in range(3 * workers)])


def sweeps(base: Base, images: int, counts: list[int], cells: int, rounds: int) -> tuple[dict[int, float], float]:
    """Median seconds of a sweep in this process (0 workers) and on so many workers, in alternating rounds; and the
    seconds with two workers of which one is killed in the middle."""
    torch.set_num_threads(1)
    run(accuracy(base, 1, images))
    times: dict[int, list[float]] = {workers: [] for workers in (0, *counts)}
    with ExitStack() as stack:
        engines = {workers: stack.enter_context(engine(workers)) for workers in counts}
        for workers, one in engines.items():
            warm(one, base, images, workers)
        for number in range(rounds):
            studies = cells_of(base, images, cells, number)
            times[0].append(seconds(lambda studies=studies: [run(study) for study in studies]))
            for workers, one in engines.items():
                times[workers].append(seconds(lambda one=one, studies=studies: finish(one, studies)))
        pids = [worker.pid for worker in engines[2].health().workers]
        threading.Thread(target=_kill_half_way, args=(engines[2], cells, pids[0]), daemon=True).start()
        killed = seconds(lambda: finish(engines[2], cells_of(base, images, cells, rounds)))
    return {workers: statistics.median(taken) for workers, taken in times.items()}, killed


def _kill_half_way(engine: Engine, cells: int, pid: int) -> None:
    """Kill a worker when half of the sweep is done."""
    while not engine.views():
        time.sleep(0.01)
    while len(engine.views()) > cells // 2:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)


def rows(quick: bool = False) -> Iterator[Figure]:
    """Overhead, efficiency, loss."""
    jobs, cells = (4, 6) if quick else (JOBS, CELLS)
    alone, together = overhead(jobs)
    how = f"{jobs} accuracies of LeNet-300-100, warm worker; submitting to result, without the computation itself"
    yield Figure(ITEM, "Overhead of a job, one after another", alone, "ms", f"median; {how}", short=True)
    yield Figure(ITEM, f"Overhead of a job, {jobs} at once", together, "ms", how)
    counts = [1, *(count for count in (2, 4, 8) if count <= max(2, cores()))]
    for name, (images, rounds) in SWEPT.items():
        rounds = 1 if quick else rounds
        taken, killed = sweeps(Base(model=name), images, counts, cells, rounds)
        label = models[name].label
        how = (
            f"{label} on {images:,} images, alternating, rounds: {rounds}; {taken[1]:.1f} s on one worker, "
            f"{taken[0]:.1f} s in one process without an engine"
        )
        yield Figure(
            ITEM,
            f"{label}: sweep of {cells} cells on 1 worker: share of the bare computation's speed",
            taken[0] / taken[1],
            "",
            how,
            bound="at least",
            wanted=EFFICIENCY,
            short=True,
        )
        for workers in counts[1:]:
            share, enough = taken[1] / workers / taken[workers], cores() >= workers
            how = (
                f"the same rounds; {1000 * taken[0] / cells:.0f} ms a cell, {taken[workers]:.1f} s on {workers} "
                f"workers; {cores()} cores for all processes"
            )
            yield Figure(
                ITEM,
                f"{label}: sweep of {cells} cells on {workers} workers: share of linear",
                share,
                "",
                how,
                bound="at least" if enough else "",
                wanted=EFFICIENCY if enough else None,
                short=True,
            )
        how = f"one of two workers killed when half of {cells} cells were done; against the same sweep without"
        yield Figure(ITEM, f"{label}: time lost to a killed worker", max(0.0, killed - taken[2]), "s", how, short=True)


if __name__ == "__main__":
    script(rows, __doc__)
