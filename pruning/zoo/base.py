"""Where a recipe starts: a network by name, its weights, the data it sees, the device. No torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from pruning.common.errors import Missing
from pruning.common.hashing import digest
from pruning.common.registry import Entry
from pruning.common.spec import Spec, Step, parts
from pruning.tasks.kinds import Task, tasks
from pruning.zoo.kinds import ABSENT, datasets, models
from pruning.zoo.own_data import fitting

Mark = Literal["init", "early", "dense"]


class Base(Spec):
    """Where a recipe starts: an architecture, its weights, the data it sees, the device."""

    model: str = "lenet_300_100"
    data: str | None = Field(None, description="Data set; none = the one that the model's weights were trained on.")
    seed: int = Field(0, ge=0, lt=2**31, description="Training seed of the weights.")
    mark: Mark = Field("dense", description="Which weights: initial, early in training, or trained.")
    device: str = Field("cpu", pattern=r"^(cpu|mps|cuda(:\d+)?)$")

    @field_validator("model")
    @classmethod
    def _model(cls, name: str) -> str:
        models[name]
        return name

    @field_validator("data")
    @classmethod
    def _data(cls, name: str | None) -> str | None:
        if name is not None:
            datasets[name]
        return name

    @property
    def data_name(self) -> str | None:
        """The data set that is meant, if there is one."""
        return self.data or models[self.model].data

    @property
    def task(self) -> Task:
        """What the network is for."""
        return tasks[models[self.model].task]()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one example: channels, height, width of an image."""
        return models[self.model].input_shape

    def state_key(self, steps: tuple[Step, ...] = (), older: bool = False) -> str:
        """Name of the state after these steps.

        Args:
            older: the name that it had before contents of pictures and of downloaded weights entered it: what has that
                name was measured on what then lay there.

        >>> from pruning.steps.prune import Prune
        >>> base = Base(model="lenet_5")
        >>> base.state_key() == base.state_key((Prune(),)), len(base.state_key())
        (False, 24)
        >>> base.state_key() == Base(model="lenet_5", device="cuda:1").state_key()  # numbers differ in their last bits
        False
        """
        backend = self.device.split(":")[0]
        try:
            data = datasets[self.data_name]() if self.data_name else None
            form = "" if data is None else data.older_form() if older else data.form()
            if data is not None and data.own:
                form = digest(form, fitting.seen(models[self.model], type(data)))
        except Missing:
            form = ABSENT  # maps, sizes and MACs need no images
        form += _newer(data)
        model = models[self.model]()
        weights = "" if older and not model.embedded else model.fingerprint(self.seed, self.mark) + _newer(model)
        start = [self.model, self.data_name, form, self.seed, self.mark, weights, backend]
        return digest("state", 1, start, parts(steps))


def _newer(entry: Entry | None) -> str:
    """What a version above 1 adds to a key: the code that builds the network or reads the data is another."""
    return f" version {entry.version}" if entry is not None and entry.version > 1 else ""
