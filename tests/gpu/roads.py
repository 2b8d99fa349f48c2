"""Every road on which a device computes, each a few seconds long at most, and what must be true at its end.

They need torch, numpy, pandas, scipy, safetensors and pydantic, and the weights and images that are part of this
program: a machine that is lent for a quarter of an hour has no more. Where a road needs more than that, it is left out
with that reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from pruning.common.progress import quiet
from pruning.common.spec import Step
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import Solver, allocations, granularities, scorers
from pruning.network.devices import check_device, present_devices
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.recalibrate import Recalibrate
from pruning.steps.remove import Remove
from pruning.steps.rewind import Rewind
from pruning.steps.shuffle import Shuffle
from pruning.steps.student import Student
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.training import cuda_graph
from pruning.training.kernel import fit_together
from pruning.training.kinds import dynamics
from pruning.training.trainings import together
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

MODELS = {"head": "vit_small", "channel": "resnet_20", "layer_block": "resnet_20"}
"""By granularity; any other is tried on LeNet-5."""
QUICK = {"samples": 60, "probes": 1, "rounds": 8, "count": 60}
"""Options that make a criterion or an allocation quick, where it takes them."""
ALIKE = 0.75
"""Share of the weights for which the device must decide as the processor does, at 50 %: sums in another order and
TF32 move few, and a road that computes something else agrees on half of them."""
CLOSE = 0.02
"""Of a removal: the small network's outputs beside the masked one's, as a share of the largest."""
STEPS, TOGETHER = 24, 4
"""Of a training, and networks that are trained as one computation."""


class LeftOut(Exception):
    """A road that this machine cannot go, with the reason in a sentence."""


@dataclass(frozen=True)
class Road:
    """One road: ``go`` returns in a few words what was found there, and raises where something is wrong.

    Attributes:
        part, name: what it is about.
        smoke: whether it belongs to the short check of the processor, which keeps all this from going stale.
    """

    part: str
    name: str
    go: Callable[[], str]
    smoke: bool = True


def roads(device: str) -> Iterator[Road]:
    """All of them, on one device."""
    yield Road("devices", device, lambda: _devices(device))
    families: set[str] = set()
    for name in scorers:
        entry = scorers[name]
        first = entry.family not in families or name == "sparse_gpt"
        families.add(entry.family)
        granularity = granularities_for(name)[0]
        part = "solvers" if issubclass(entry, Solver) else f"scoring: {entry.family}"
        step = pruning(name, granularity, allocations_for(name, granularity)[0])
        yield Road(part, entry.label, lambda step=step: pruned(device, step), first)
    for name in granularities:
        step = pruning("magnitude_l1", name, allocations_for("magnitude_l1", name)[0])
        yield Road("granularities", granularities[name].label, lambda step=step: pruned(device, step))
    for name in allocations_for("magnitude_l1", "weight"):
        step = pruning("magnitude_l1", "weight", name)
        yield Road("allocations", allocations[name].label, lambda step=step: pruned(device, step), name == "uniform")
    yield from _steps(device)
    yield from _trainings(device)
    yield from _measures(device)


def pruning(scorer: str, granularity: str, allocation: str, level: int = 500) -> Prune:
    """A quick pruning step."""

    def quick(entry: Any) -> dict[str, Any]:
        return {name: value for name, value in QUICK.items() if name in entry.model_fields}

    return Prune(
        scorer=scorer,
        options=quick(scorers[scorer]),
        granularity=granularity,
        allocation=allocation,
        allocation_options=quick(allocations[allocation]),
        sparsity=level,
    )


def network(step: Prune) -> str:
    """A network of this program that has such units, and that the criterion can look at."""
    return MODELS.get(step.granularity, "lenet_5")


def _devices(device: str) -> str:
    present = present_devices()
    for name in present:
        torch.ones(1, device=check_device(name)).add_(1).item()
    (row,) = run(Study(base=Base(device=device), recipe=(), measures=(MeasureSpec(name="devices"),)))
    assert row["value"]["devices"] == present and len(row["value"]["labels"]) == len(present), row["value"]
    return ", ".join(row["value"]["labels"])


def lies_on(device: str, tensors: dict[str, Tensor]) -> None:
    """All of them are there, and numbers."""
    for name, tensor in tensors.items():
        assert tensor.device == torch.device(device), f"{name} lies on {tensor.device}"
        assert bool(tensor.isfinite().all()), f"{name} is not finite"


def pruned(device: str, step: Prune) -> str:
    """A step on the device: masks and weights lie there, the masked ones are zero, and most are those of the CPU."""
    after = state_of(Base(model=network(step), device=device), (step,))
    weights, masks = after.weights, {name: mask for name, mask in after.masks.items() if name in after.weights}
    lies_on(device, weights | masks)
    gone = sum(int((~mask).sum()) for mask in masks.values())
    total = sum(weight.numel() for weight in weights.values())
    assert 0 < gone < total, f"{gone} of {total} weights go"
    assert not any(weights[name][~mask].any() for name, mask in masks.items()), "a masked weight is not zero"
    said = f"{gone:,} of {total:,} weights go"
    if device == "cpu":
        return said
    share = alike(after.masks, state_of(Base(model=network(step), device="cpu"), (step,)).masks)
    assert share >= ALIKE, f"{said}; only {100 * share:.1f} % as on the CPU"
    return f"{said}; {100 * share:.2f} % as on the CPU"


def alike(masks: dict[str, Tensor], there: dict[str, Tensor]) -> float:
    """Share of the entries for which two devices decided the same."""
    assert set(there) == set(masks), "other layers than on the CPU"
    same = sum(int((mask.cpu() == there[name].cpu()).sum()) for name, mask in masks.items())
    return same / sum(mask.numel() for mask in masks.values())


def _outputs(state: State) -> Tensor:
    """Of a fixed batch."""
    images = torch.randn(16, *state.base.input_shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return state.model(images.to(next(state.model.parameters()).device))


def _steps(device: str) -> Iterator[Road]:
    plain, base, heads = (Base(model=name, device=device) for name in ("lenet_5", "resnet_20", "vit_small"))
    half = pruning("magnitude_l1", "weight", "global")

    def through(base: Base, *recipe: Step) -> str:
        after = state_of(base, recipe)
        lies_on(device, dict(after.model.state_dict()) | after.masks)
        return after.step.words() if after.step is not None else ""

    def removed(base: Base, granularity: str) -> str:
        step = pruning("magnitude_l1", granularity, "global", 300)
        masked, small = state_of(base, (step,)), state_of(base, (step, Remove()))
        lies_on(device, dict(small.model.state_dict()))
        one, other = _outputs(masked), _outputs(small)
        apart = float((one - other).abs().max() / one.abs().max())
        assert apart < CLOSE, f"outputs differ by {apart:.2g} of the largest"
        sizes = [sum(p.numel() for p in state.model.parameters()) for state in (masked, small)]
        assert sizes[1] < sizes[0]
        return f"{sizes[0]:,} to {sizes[1]:,} parameters; outputs differ by {apart:.1g} of the largest"

    for name, where in (("head", heads), ("layer_block", base), ("channel", base)):
        yield Road("removal", granularities[name].label, lambda where=where, name=name: removed(where, name))
    recipes: dict[str, tuple[Step, ...]] = {
        "recalibrate": (half, Recalibrate(samples=200)),
        "rewind": (half, Rewind(mark="init")),
        "shuffle": (half, Shuffle()),
        "quantize, nearest": (half, Quantize(bits=4, group=16)),
        "quantize, GPTQ": (half, Quantize(bits=4, rounding="gptq", samples=60)),
        "quantize, bfloat16": (half, Quantize(bits=16, kept_as="bfloat16")),
        "student": (Student(width=50),),
    }
    for name, recipe in recipes.items():
        where = base if name in ("recalibrate", "student") else plain
        yield Road("steps", name, lambda where=where, recipe=recipe: through(where, *recipe))


def training(**changes: Any) -> Train:
    """A short training."""
    return Train.model_validate(
        {"steps": STEPS, "batch": 32, "samples": 1_000, "validation": 100, "looks": 2} | changes
    )


def _trained(device: str, model: str, step: Train) -> str:
    """Under its masks: masked weights stay zero where masks stay, and no number is lost."""
    half = pruning("magnitude_l1", "weight", "global")
    before = state_of(Base(model=model, device=device), (half,))
    after = state_of(before.base, (half, step))
    assert after.diverged is None, f"diverged at step {after.diverged}"
    lies_on(device, dict(after.model.state_dict()) | after.masks)
    assert any(not torch.equal(weight, before.weights[name]) for name, weight in after.weights.items()), "nothing moved"
    assert not any(after.weights[name][~mask].any() for name, mask in after.masks.items() if name in after.weights)
    return f"{models[model].label}, {step.steps} steps"


def _captured(device: str) -> str:
    """A step of networks made of matrix products is captured as a CUDA graph, and replayed."""
    if not device.startswith("cuda"):
        raise LeftOut("CUDA graphs need a CUDA device.")
    graphs: list[Any] = []

    def seen(*given: Any) -> Any:
        graphs.append(capture(*given))
        return graphs[-1]

    capture = cuda_graph.captured
    with patch.object(cuda_graph, "captured", seen):
        said = _trained(device, "lenet_300_100", training(seed=77))
    assert graphs and None not in graphs, "no step was captured: each is launched piece by piece"
    return f"{said}, of which {STEPS - cuda_graph.WARM} replayed"


def _together(device: str, model: str, step: Train) -> str:
    """Networks trained as one computation have the numbers that each has alone, where the device can do that."""
    starts = [state_of(Base(model=model, device=device), (pruning("random", "weight", "global"),))] * TOGETHER
    steps = [step.model_copy(update={"seed": number}) for number in range(TOGETHER)]
    works = [
        (step, start, f"together {number}") for number, (step, start) in enumerate(zip(steps, starts, strict=True))
    ]
    both = together(works, [quiet] * TOGETHER)
    for after in both:
        lies_on(device, dict(after.model.state_dict()))
    (alone,) = together([works[-1]], [quiet])
    same = all(torch.equal(weight, alone.weights[name]) for name, weight in both[-1].weights.items())
    shape, products = models[model].input_shape, step.convolution == "products"
    fit = fit_together([start.model for start in starts], step.batch, shape, products)
    assert same or not fit, "other bits together than alone"
    how, bits = "one computation" if fit else "one by one", "same" if same else "other"
    return f"{TOGETHER} x {models[model].label}: {how}, {bits} bits"


def _trainings(device: str) -> Iterator[Road]:
    deep = "lenet_5" if device == "cpu" else "resnet_20"  # processors take long over bfloat16
    ways: dict[str, tuple[str, Train]] = {
        "products of matrices": ("lenet_300_100", training()),
        "Adam": ("lenet_300_100", training(optimiser="adam", lr=1e-3)),
        "convolutions": ("lenet_5", training()),
        "convolutions as products": ("lenet_5", training(convolution="products")),
        "bfloat16": (deep, training(precision="bfloat16", flip=True, crop=2)),
        "distilled": ("lenet_5", training(teacher="dense")),
    }
    for name, (model, step) in ways.items():
        yield Road("training", name, lambda model=model, step=step: _trained(device, model, step))
    yield Road("training", "a captured step", lambda: _captured(device))
    yield Road("training", "together", lambda: _together(device, "lenet_300_100", training()))
    conv = training(convolution="products")
    yield Road("training", "together, convolutions as products", lambda: _together(device, "lenet_5", conv))
    for name in dynamics:
        often = {"every": 4} if "every" in dynamics[name].model_fields else {}
        model = "resnet_20" if name == "slimming" else "lenet_5"
        step = training(during=name, during_options=often)
        yield Road(
            "training, masks", dynamics[name].label, lambda m=model, s=step: _trained(device, m, s), name == "rigl"
        )


def _measures(device: str) -> Iterator[Road]:
    weights, heads = (pruning("magnitude_l1", name, "global") for name in ("weight", "head"))
    quick = {"batches": (1, 16), "seconds": 0.05}
    asked: dict[str, tuple[str, tuple[Step, ...], dict[str, Any]]] = {
        "accuracy": ("lenet_5", (weights,), {"count": 500}),
        "latency": ("vit_small", (heads,), quick),
        "memory": ("vit_small", (heads,), {"batches": (1, 16)}),
        "speed_curve": ("vit_small", (heads,), {"levels": (300, 600), **quick}),
        "scoring_cost": ("lenet_5", (), {"scorer": "fisher"}),
        "sensitivity": ("lenet_5", (weights,), {"count": 100, "shares": (500, 900)}),
        "agreement": ("lenet_5", (weights,), {"scorers": ("magnitude_l1", "random", "snip"), "samples": 60}),
        "connectivity": ("lenet_300_100", (weights, training()), {"count": 100, "points": 3}),
        "quantization": ("lenet_5", (weights, Quantize(bits=4)), {"samples": 60}),
        "sparse_linear": ("lenet_5", (), {"features": 256, "sparsities": (500, 900), **quick}),
        "profile": ("lenet_5", (weights,), {}),
    }

    def measured(name: str, model: str, recipe: tuple[Step, ...], options: dict[str, Any]) -> str:
        spec = MeasureSpec(name=name, options=options)
        (row,) = run(Study(base=Base(model=model, device=device), recipe=recipe, measures=(spec,)))
        return _found(name, row["value"])

    for name, about in asked.items():
        yield Road("measures", name, lambda name=name, about=about: measured(name, *about))


def _found(name: str, value: dict[str, Any]) -> str:
    """The number for which a measure is taken."""
    match name:
        case "accuracy":
            return f"{value['correct']} of {value['count']} right, {value['dense_correct']} before"
        case "latency":
            rows = {row["variant"]: row["median_ms"] for row in value["rows"] if row["batch"] == 16}
            return ", ".join(f"{variant} {taken:.3f} ms" for variant, taken in rows.items()) + " a pass of 16"
        case "memory":
            row = value["rows"][-1]
            return f"{row['dense'] / 1e6:.1f} MB dense, {row['small'] / 1e6:.1f} MB small"
        case "scoring_cost":
            assert value["seconds"] is not None, value
            return f"{1000 * value['seconds']:.1f} ms"
        case "sparse_linear":
            return f"not here: {', '.join(value['left']) or 'nothing'}"
        case _:
            return ", ".join(list(value)[:5])
