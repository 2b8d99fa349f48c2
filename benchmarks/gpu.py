"""On a GPU, where there is one: ranking, masks and a curve of ResNet-50, training, how busy it is, how it is shared.

``python benchmarks/gpu.py``: absolute times, medians, the device waited for. Without CUDA it says so and gives no
figure. ResNet-50 has random weights and sees random images of 224 x 224 that lie on the device: times do not depend on
them. The sweep is LeNet-5's and ResNet-20's curve through ``pruning.study.run``, as pages and the
command line ask for it.
"""

from __future__ import annotations

import copy
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks._script import script
from benchmarks._table import Figure
from benchmarks.curve import LEVELS, forget
from pruning.common.progress import quiet
from pruning.criteria.counts import ranked
from pruning.criteria.kinds import allocations
from pruning.network.inputs import BATCH
from pruning.network.weights import apply_masks, prunable
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.training import burst
from pruning.training.kernel import fit_together
from pruning.training.trainings import together
from pruning.zoo.base import Base
from pruning.zoo.kinds import models as model_registry

ITEM = "On a GPU"
ROUNDS, IMAGES, LEVEL = 7, 1_000, 800
REPLICATES = 12
STUDIES, WORKERS = 6, 3
"""Studies at once on one device, and the workers that compute them."""
MOST_MEMORY = 0.9
"""Share of the device's memory."""


def milliseconds(work: Callable[[], object], rounds: int, device: str) -> float:
    """Median time of a call, until the device has finished it; one call warms up."""
    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        work()
        if device != "cpu":
            torch.cuda.synchronize(device)
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken[1:])


def alone(name: str, images: int, rounds: int, device: str) -> Iterator[Figure]:
    """Ranking, masks and curve of one network."""
    label, base = model_registry[name].label, Base(model=name, mark="init", device=device)
    model = state_of(base, ()).model
    scores = {key: weight.detach().abs() for key, weight in prunable(model).items()}
    allocation = allocations["global"]()
    ranking, target = ranked(scores, allocation), copy.deepcopy(model)
    everything = torch.cat([score.flatten() for score in scores.values()])
    x = torch.randn(images, *model_registry[name].input_shape, device=device)

    def passes() -> None:
        with torch.inference_mode():
            for start in range(0, images, BATCH):
                target(x[start : start + BATCH]).argmax(1)

    def curve() -> None:
        made = ranked(scores, allocation)
        for level in LEVELS:
            target.load_state_dict(model.state_dict())
            apply_masks(target, made.masks(level))
            passes()
        target.load_state_dict(model.state_dict())
        passes()

    def bare() -> None:
        for _ in range(len(LEVELS) + 1):
            passes()

    how = f"{len(everything):,} weights; median of {rounds}, the device waited for"
    sort = milliseconds(lambda: ranked(scores, allocation), rounds, device)
    kth = milliseconds(lambda: everything.kthvalue(len(everything) // 2), rounds, device)
    yield Figure.share(
        ITEM,
        f"{label}: ranking, all 1,001 levels",
        sort,
        "ms",
        f"{how}; sorted on the CPU",
        "one torch.kthvalue on the device",
        kth,
    )
    masks = milliseconds(lambda: apply_masks(target, ranking.masks(LEVEL)), rounds, device)
    yield Figure(ITEM, f"{label}: exact masks made and applied", masks, "ms", how, short=True)
    ours, limit = (milliseconds(work, 3, device) / 1000 for work in (curve, bare))
    yield Figure.share(
        ITEM,
        f"{label}: curve of 20 points, ranking and all",
        ours,
        "s",
        f"{images:,} images; median of 3",
        "20 bare forward evaluations and the dense one",
        limit,
        1.1,
        True,
    )


def training(device: str, count: int, rounds: int, deep: str = "resnet_20") -> Iterator[Figure]:
    """Replicates together with and without a captured step, and one deep network in both precisions: so many steps."""

    def taken(name: str, replicates: int, graphs: bool, **changes: object) -> float:
        fresh = state_of(Base(model=name, mark="init", device=device), ())
        start = fresh.after(Prune(scorer="random"), "start", quiet)
        train = Train.model_validate({"steps": count, "batch": 60, "validation": 0, "looks": 1, **changes})
        works = [(train.model_copy(update={"seed": seed}), start, str(seed)) for seed in range(replicates)]
        with patch.object(burst, "GRAPHS", graphs):
            spent = milliseconds(lambda: together(works, [quiet] * replicates), rounds, device)
        return spent / count / replicates

    how = f"per network and step of 60 images, from {count} steps and what begins them; median of {rounds}"
    label = model_registry["lenet_300_100"].label
    models = [state_of(Base(model="lenet_300_100", mark="init", device=device), ()).model for _ in range(REPLICATES)]
    fit = fit_together(models, 60, model_registry["lenet_300_100"].input_shape)
    alike = "the same bits together as alone" if fit else "one by one: other bits together"
    plain, captured = (taken("lenet_300_100", REPLICATES, graphs, optimiser="adam") for graphs in (False, True))
    yield Figure.faster(
        ITEM,
        f"{label}: {REPLICATES} networks, a captured step",
        captured,
        "ms",
        f"{how}; {alike}",
        "launched piece by piece",
        plain,
    )
    single = taken(deep, 1, False)
    yield Figure.faster(
        ITEM,
        f"{model_registry[deep].label}: layers in bfloat16",
        taken(deep, 1, False, precision="bfloat16"),
        "ms",
        how,
        "float32",
        single,
    )


def busy(name: str, count: int, device: str) -> Figure:
    """The share of the time in which the device computes or copies while a curve is swept."""
    from torch.autograd import DeviceType
    from torch.profiler import ProfilerActivity, profile

    measure = MeasureSpec(name="accuracy", options={"count": count})
    study = Study(
        base=Base(model=name, device=device), recipe=(Prune(),), axes={"0.sparsity": LEVELS}, measures=(measure,)
    )
    run(study)
    forget()
    state_of(study.base, ())
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        began = time.perf_counter()
        run(study)
        torch.cuda.synchronize(device)
        spent = time.perf_counter() - began
    spans = sorted(
        (e.time_range.start, e.time_range.end) for e in seen.events() or () if e.device_type == DeviceType.CUDA
    )
    return Figure(
        ITEM,
        f"{model_registry[name].label}: share of a sweep in which the device is busy",
        covered(spans) / 1e6 / spent,
        "",
        f"20 levels, {count:,} test images, {spent:.2f} s; kernels and copies by torch's profiler",
        short=True,
    )


def covered(spans: list[tuple[float, float]]) -> float:
    """Length of the union of spans, given in order of their starts."""
    length, end = 0.0, float("-inf")
    for start, stop in spans:
        length += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return length


def shared(device: str) -> Figure:
    """Several studies at once: the most of the device's memory that is taken while they run."""
    from pruning.common.environment import Settings
    from pruning.engine.engine import Engine

    measure = MeasureSpec(name="accuracy", options={"count": 5_000})
    studies = [
        Study(
            base=Base(model="resnet_20", device=device),
            recipe=(Prune(scorer="random", seed=seed),),
            axes={"0.sparsity": (500, 700, 900)},
            measures=(measure,),
        )
        for seed in range(STUDIES)
    ]
    most = 0
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(f"sqlite:///{folder}/store.db", Path(folder) / "artefacts", workers=WORKERS)
        with Engine(settings) as engine:
            jobs = [engine.submit(study, owner="bench", durable=False) for study in studies]
            while not all(engine.view(job).finished for job in jobs):
                free, total = torch.cuda.mem_get_info(device)
                most = max(most, total - free)
                time.sleep(0.02)
            ended = [engine.view(job).state for job in jobs]
    assert ended == ["done"] * STUDIES, ended
    return Figure(
        ITEM,
        f"{STUDIES} studies on {WORKERS} workers and one device: most memory taken",
        most / total,
        "",
        f"share of {total / 2**30:.0f} GB, seen from outside every 20 ms; all studies done",
        bound="at most",
        wanted=MOST_MEMORY,
        short=True,
    )


def rows(quick: bool = False) -> Iterator[Figure]:
    """Nothing without CUDA."""
    if not torch.cuda.is_available():
        print("  No CUDA device on this machine: nothing measured.", flush=True)
        return
    device, count = "cuda:0", 1_000 if quick else 10_000
    yield from alone("resnet50", 64 if quick else IMAGES, 1 if quick else ROUNDS, device)
    for name in ("lenet_5", "resnet_20"):
        yield busy(name, count, device)
    yield from training(device, *((20, 1) if quick else (500, 3)))
    yield shared(device)


if __name__ == "__main__":
    script(rows, __doc__)
