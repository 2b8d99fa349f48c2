"""Good training defaults per model: how a pruned network is fine-tuned, and how the dense one was trained. No torch.

Fine-tuning takes a tenth of the first learning rate on a cosine; the original schedule rises and falls to zero as in
``assets/train.py`` (its ``PLANS``), by which the embedded weights were made. Learning-rate and weight rewinding
(Renda et al. 2020) go through the original schedule again.
"""

from __future__ import annotations

from dataclasses import dataclass

from pruning.steps.train import Train


@dataclass(frozen=True)
class Defaults:
    """How one model is trained.

    Attributes:
        fine: fine-tuning after pruning.
        peak: highest learning rate of the original training.
        seconds: of one image in one step on one CPU core: a rough guess, before anything was measured.
        rounds: of iterative pruning.
    """

    fine: Train
    peak: float
    seconds: float
    rounds: int = 5

    @property
    def original(self) -> Train:
        """The original schedule over as many steps: a rise over a fifth of them, then down to zero."""
        return original(self.fine, self.peak)


def original(train: Train, peak: float) -> Train:
    """A training with the original schedule in place of its own."""
    return train.model_copy(update={"lr": peak, "schedule": "one_cycle", "warmup": 0.2})


_BASE = Train(steps=600, batch=100, lr=0.01, flip=True, looks=20)
_DEEP = _BASE.model_copy(update={"steps": 200, "batch": 128, "crop": 2, "lr": 0.02, "looks": 10})

DEFAULTS: dict[str, Defaults] = {
    "lenet_300_100": Defaults(_BASE, 0.1, 5e-5),
    "lenet_5": Defaults(_BASE.model_copy(update={"crop": 1, "lr": 0.005}), 0.05, 2e-4),
    "resnet_20": Defaults(_DEEP, 0.2, 3e-3, 3),
    "mobilenet_v2_small": Defaults(_DEEP.model_copy(update={"lr": 0.015, "weight_decay": 1e-4}), 0.15, 5e-3, 3),
    "vit_small": Defaults(
        _DEEP.model_copy(update={"optimiser": "adamw", "lr": 3e-4, "weight_decay": 0.05, "batch": 64, "crop": 1}),
        3e-3,
        6e-3,
        3,
    ),
}
_OTHERS = Defaults(Train(steps=50, batch=16, lr=1e-3, flip=True, validation=200, looks=5), 1e-2, 0.15, 2)
"""Published networks on large images: a minute's work on a CPU, no recipe for a record."""


def defaults_of(model: str) -> Defaults:
    """The defaults of a model; those of published networks are shared."""
    return DEFAULTS.get(model, _OTHERS)


TICKET = Train(
    steps=400,
    batch=60,
    samples=12_000,
    optimiser="adam",
    lr=1.2e-3,
    schedule="constant",
    warmup=0,
    weight_decay=0,
    validation=1000,
    looks=20,
)
"""Training of the quick lottery ticket experiment: Adam at 1.2e-3 throughout, batches of 60, as in
Frankle & Carbin 2019 (figure 2), on fewer steps."""
