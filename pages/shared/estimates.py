"""How long work takes that is to come: by times measured on this machine, else a rough guess; it says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pages.choices.setting import Setting
from pages.shared.answers import TEST
from pages.shared.server import store
from pruning.engine.jobs import JobView
from pruning.results.sentences import duration
from pruning.study.methods.defaults import defaults_of

AUTOMATIC = 20.0
"""Work of at most so many seconds starts by itself."""
LIGHT = 0.0005
"""A network that takes at most so many seconds an image is looked at without being asked."""
FORWARD = 1 / 3
"""Part of a training step that is its forward pass: a backward pass has twice its operations."""


@dataclass(frozen=True)
class Estimate:
    """A time to come.

    Attributes:
        rough: whether it is a guess, since nothing of its kind was measured on this machine.
    """

    seconds: float
    rough: bool = False

    def __add__(self, other: Estimate) -> Estimate:
        """One after the other; the sum is as rough as its larger part."""
        return Estimate(self.seconds + other.seconds, max(self, other, key=lambda one: one.seconds).rough)

    def __mul__(self, factor: float) -> Estimate:
        return Estimate(self.seconds * factor, self.rough)

    @property
    def quick(self) -> bool:
        """Whether the work is so short that it starts by itself."""
        return self.seconds <= AUTOMATIC

    def words(self, of: str = "") -> str:
        """ "about 3 min", "about 3 min left, a rough guess".

        Args:
            of: what follows the number, such as "left".
        """
        return " ".join(filter(None, (duration(self.seconds), of))) + (", a rough guess" if self.rough else "")


def passes(model: str, device: str, images: float) -> Estimate:
    """Passing images through a network, as accuracies are measured: timed here, else when the results were made that
    come with the program, else by the time of a training step."""
    pace = store().pace(model, device)
    if pace is not None:
        return Estimate(pace * images)
    elsewhere = _bundled(model, device)
    return Estimate(images * (FORWARD * defaults_of(model).seconds if elsewhere is None else elsewhere), rough=True)


def training(model: str, device: str, images: float) -> Estimate:
    """Training on so many images, steps times batch: as recent trainings of the model took here, else as one core may
    take."""
    pace = store().pace(model, device, "trace")
    return Estimate(images * (defaults_of(model).seconds if pace is None else pace), rough=pace is None)


def light(setting: Setting) -> bool:
    """Whether the model is small enough for everything to start by itself; not a matter of how busy the machine is."""
    found = _bundled(setting.model, setting.device) or store().pace(setting.model, setting.device)
    return found is not None and found <= LIGHT


def _bundled(model: str, device: str) -> float | None:
    """Seconds an image when the results that come with the program were made."""
    if device != "cpu":
        return None
    cell = Setting(model=model).study(TEST).cells()[0]
    found = next(iter(store().get([cell.measure_key(TEST)]).values()), None)
    return found.seconds / found.images if found is not None and found.images else None


def told(views: Sequence[JobView]) -> Estimate | None:
    """What jobs that go side by side still take, by their own pace; None before any of them has one."""
    known = [view.seconds_left for view in views if view.seconds_left is not None]
    return Estimate(max(known)) if known else None


def left(views: Sequence[JobView], silent: Estimate | None = None) -> str:
    """The same in words, "about 3 min left"; where nothing is known of it, what they wait for.

    Args:
        silent: the time of those among them that have no pace yet.
    """
    if times := [time for time in (told(views), silent) if time is not None]:
        return sum(times[1:], times[0]).words("left")
    return "begins" if any(view.state == "running" for view in views) else "waiting for a worker"
