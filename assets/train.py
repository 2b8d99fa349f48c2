"""Train the embedded models: ``python assets/train.py [--models lenet_5 resnet_20] [--seeds 0 1 2]``.

Each is trained on its own data set, with the loss of its own task; a new one needs a plan in ``PLANS``.

Resumable: after every epoch the whole training state (weights, optimiser, generators) goes to ``.train/``; the same
command goes on from there. Writes ``assets/models/NAME/seedS.{early,dense}.safetensors`` and ``card.json``. Initial
weights are not stored: they come back from the seed, and the card holds their hash. Choices were made on validation;
test is measured once, at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from pruning.tasks.kinds import tasks  # noqa: E402
from pruning.zoo import data as zoo_data  # noqa: E402
from pruning.zoo.checkpoints import accuracy_of, initial, state_hash  # noqa: E402
from pruning.zoo.kinds import models  # noqa: E402
from pruning.zoo.match import compatible  # noqa: E402


@dataclass(frozen=True)
class Plan:
    """How one model is trained; ``sides`` are image sides per epoch (progressive resizing, Touvron et al. 2019), none:
    as the images are. ``crop`` and ``flip`` are for images."""

    epochs: int
    lr: float
    optimiser: str = "sgd"
    weight_decay: float = 5e-4
    batch: int = 128
    crop: int = 2
    flip: bool = True
    warmup: float = 0.2
    early_step: int = 400
    sides: tuple[int, ...] = ()
    knots: tuple[tuple[int, float], ...] = ()
    """Learning rate as (step, rate) joined by straight lines; none: a rise to ``lr``, then a fall to zero."""

    def side(self, epoch: int) -> int | None:
        """The image side at an epoch: one for each epoch, or fewer that take equal shares of them."""
        return None if not self.sides else self.sides[min(len(self.sides) - 1, epoch * len(self.sides) // self.epochs)]


PLANS = {
    "lenet_300_100": Plan(epochs=16, lr=0.1, crop=0),
    "lenet_5": Plan(epochs=12, lr=0.05, crop=1),
    "resnet_20": Plan(epochs=9, lr=0.2, sides=(20, 24, 28)),
    "mobilenet_v2_small": Plan(epochs=6, lr=0.15, weight_decay=1e-4, sides=(20, 24, 28)),
    "vit_small": Plan(epochs=9, lr=3e-3, optimiser="adamw", weight_decay=0.05, batch=64, crop=1, sides=(20, 24, 28)),
}


def augment(images: Tensor, plan: Plan, side: int | None, generator: torch.Generator) -> Tensor:
    """Random crops (zero padding in pixel space is black, in each channel), flips, the epoch's image side."""
    if images.ndim != 4:
        if plan.crop or plan.flip or side:
            raise SystemExit("Shifts, mirror images and sides are for images: plan crop=0, flip=False and no sides.")
        return images
    n, _, height, width = images.shape
    if plan.crop:
        lowest = images.amin((0, 2, 3))
        borders = [
            F.pad(one, [plan.crop] * 4, value=float(low)) for one, low in zip(images.unbind(1), lowest, strict=True)
        ]
        padded = torch.stack(borders, 1)
        shift = torch.randint(0, 2 * plan.crop + 1, (2, n, 1, 1), generator=generator)
        rows, columns = shift[0] + torch.arange(height).view(1, -1, 1), shift[1] + torch.arange(width).view(1, 1, -1)
        images = padded.movedim(1, -1)[torch.arange(n).view(-1, 1, 1), rows, columns].movedim(-1, 1).contiguous()
    if plan.flip:
        flipped = torch.rand(n, generator=generator) < 0.5
        images = torch.where(flipped.view(-1, 1, 1, 1), images.flip(3), images)
    return images if side in (None, height) else F.interpolate(images, size=side, mode="bilinear", antialias=True)


def learning_rate(plan: Plan, step: int, steps: int) -> float:
    """Linear warm-up, then linear to zero."""
    if plan.knots:
        return float(np.interp(step, *zip(*plan.knots, strict=True)))
    rise = max(1, int(plan.warmup * steps))
    return plan.lr * (step / rise if step < rise else (steps - step) / (steps - rise))


def make_optimiser(plan: Plan, model: nn.Module) -> torch.optim.Optimizer:
    """Weight decay on matrices and kernels only, not on biases and norms."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": plan.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    if plan.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=plan.lr)
    return torch.optim.SGD(groups, lr=plan.lr, momentum=0.9, nesterov=True)


def save(state: dict[str, Tensor], path: Path) -> None:
    """Write a checkpoint whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in state.items()}, f"{path}.tmp", metadata={"format": "pt"})
    os.replace(f"{path}.tmp", path)


def data_of(name: str) -> str:
    """The data set that a model's weights are trained on, and why it could be none."""
    data = models[name].data
    if data is None:
        raise SystemExit(f"{name} names no data set: give its class one in 'data', on which it can be trained.")
    if (reason := compatible(name, data)) is not None:
        raise SystemExit(reason)
    return data


def unit_of(name: str) -> str:
    """What the card's numbers are."""
    task = tasks[models[name].task]()
    return f"share of {task.unit} classified correctly" if task.classes else task.measured


def train(name: str, seed: int, plan: Plan) -> dict[str, Any]:
    """Train one model with one seed, or go on with it; returns its part of the model card."""
    folder, scratch = ROOT / "assets" / "models" / name, ROOT / ".train" / f"{name}-{seed}.pt"
    model = initial(name, seed)
    first = state_hash(model.state_dict())
    if not name.startswith(("vit", "lenet_300")):
        model.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
    optimiser = make_optimiser(plan, model)
    generator = torch.Generator().manual_seed(1_000 + seed)
    start, seconds, history = 0, 0.0, []
    if scratch.exists():
        saved = torch.load(scratch, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        generator.set_state(saved["generator"])
        start, seconds, history = saved["epoch"], saved["seconds"], saved["history"]
    data, task = data_of(name), tasks[models[name].task]()
    split = zoo_data.load(data, "train")
    per_epoch = len(split) // plan.batch
    if not per_epoch:
        raise SystemExit(f"{name}: a batch of {plan.batch} is more than the {len(split)} examples of {data}.")
    steps, measured = plan.epochs * per_epoch, "accuracy" if task.classes else "quality"
    for epoch in range(start, plan.epochs):
        model.train()
        began, total = time.perf_counter(), 0.0
        order = torch.randperm(len(split), generator=generator)
        for i in range(per_epoch):
            step = epoch * per_epoch + i
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(plan, step, steps)
            images, labels = split.take(order[i * plan.batch : (i + 1) * plan.batch])
            images = augment(images, plan, plan.side(epoch), generator)
            loss = task.loss(task.forward(model, images), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += float(loss.detach())
            if step + 1 == plan.early_step:
                save(model.state_dict(), folder / f"seed{seed}.early.safetensors")
        seconds += time.perf_counter() - began
        history.append(
            {
                "epoch": epoch + 1,
                "train_loss": round(total / per_epoch, 4),
                f"validation_{measured}": accuracy_of(model, data, "validation"),
            }
        )
        print(f"{name} seed {seed}", history[-1], f"{seconds:.0f} s", flush=True)
        scratch.parent.mkdir(exist_ok=True)
        progress = {"epoch": epoch + 1, "seconds": seconds, "history": history, "generator": generator.get_state()}
        torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), **progress}, f"{scratch}.tmp")
        os.replace(f"{scratch}.tmp", scratch)
    save(model.state_dict(), folder / f"seed{seed}.dense.safetensors")
    return {
        "seed": seed,
        "initial_sha256": first,
        f"validation_{measured}": accuracy_of(model, data, "validation"),
        f"test_{measured}": accuracy_of(model, data, "test"),
        "seconds": round(seconds),
        "history": history,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=PLANS, default=list(PLANS))
    parser.add_argument("--seeds", nargs="+", type=int, help="default: the seeds that the model declares")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.models:
        path = ROOT / "assets" / "models" / name / "card.json"
        runs: list[dict[str, Any]] = json.loads(path.read_text())["runs"] if path.exists() else []
        for seed in options.seeds or models[name].seeds:
            run = train(name, seed, PLANS[name])
            runs = sorted([r for r in runs if r["seed"] != seed] + [run], key=lambda r: r["seed"])
            card = {
                "model": name,
                "data": data_of(name),
                "made_by": f"python assets/train.py --models {name}",
                "date": datetime.now(UTC).date().isoformat(),
                "torch": torch.__version__,
                "machine": f"{platform.machine()}, {options.threads} CPU thread(s)",
                "plan": asdict(PLANS[name]),
                "accuracy_unit": unit_of(name),
                "runs": runs,
            }
            path.write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
