"""The base classes of models, data sets and corruptions, with all that one declares about itself; their registries."""

from __future__ import annotations

import re
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from pruning.common.environment import ASSETS
from pruning.common.errors import BadValue, Incompatible
from pruning.common.progress import Progress
from pruning.common.registry import Entry, Registry
from pruning.common.sources import Source, SourcedRegistry
from pruning.zoo.contents import file_hash
from pruning.zoo.places import hub_folder
from pruning.zoo.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn


ABSENT = "absent"
"""In place of a content that is not on this machine."""


def hash_in(filename: str) -> str:
    """The beginning of the SHA-256 that a file name of torchvision carries (``resnet18-f37072fd.pth``), or nothing."""
    found = re.search(r"-([a-f0-9]{8,64})\.", filename)
    return found[1] if found else ""


class Model(Entry):
    """A network architecture. ``build`` returns it with fresh initial weights, drawn from torch's generator."""

    task: ClassVar[str] = "image_classification"
    """What it is for: the name of a task."""
    data: ClassVar[str | None] = "fashion_mnist"
    """The data set its embedded or downloaded weights were trained on."""
    input_shape: ClassVar[tuple[int, ...]] = (1, 28, 28)
    """Of one example: ``(channels, height, width)`` of an image."""
    classes: ClassVar[int] = 10
    """How many outputs it has: classes, or numbers."""
    seeds: ClassVar[tuple[int, ...]] = (0,)
    """Training seeds for which a trained checkpoint is embedded."""
    embedded: ClassVar[bool] = True
    """Whether the trained weights lie in ``assets/``."""
    class_names: ClassVar[tuple[str, ...]] = ()
    """Of its outputs, in their order, where whoever trained it says so."""
    preprocessing: ClassVar[Preprocessing | None] = None
    """How pictures are made ready for it, where its authors say so; None: as the data set does."""
    any_data: ClassVar[bool] = False
    """Whether it is evaluated on any data of its task, shape and number of classes: nobody here trained it."""
    held: ClassVar[bool] = False
    """Whether ``build`` returns it with its trained weights, which lie in this process alone."""
    products: ClassVar[bool] = False
    """Whether its convolutions can be computed as products of matrices, in which several networks train at once."""

    @abstractmethod
    def build(self) -> nn.Module: ...

    def scaled(self, width: int, depth: int) -> nn.Module:
        """A smaller relative with fresh weights: so many per cent of the channels and of the blocks.

        Raises:
            Incompatible: there are none of this model.
        """
        raise Incompatible(f"{self.label} has no smaller relatives here: choose an embedded model as student.")

    def fingerprint(self, seed: int, mark: str) -> str:
        """What tells one set of weights from another under the same name; enters keys, so that a model that was
        trained again, or whose file was replaced, never answers with old results. Empty for initial weights, which the
        seed gives, and for published weights whose name carries a hash, which is checked whenever they are read."""
        path = self.weights_file(seed, mark)
        if path is None or not self.embedded and hash_in(path.name):
            return ""
        try:
            return file_hash(path)[:16]
        except OSError:
            return "" if self.embedded else ABSENT

    def weights_file(self, seed: int, mark: str) -> Path | None:
        """Where these weights lie, or would lie; initial ones, and those that nobody published, lie nowhere."""
        if mark == "init":
            return None
        if self.embedded:
            return ASSETS / "models" / self.name / f"seed{seed}.{mark}.safetensors"
        address = self.address()
        return None if address is None else hub_folder() / "checkpoints" / address.rpartition("/")[2]

    def address(self) -> str | None:
        """Where published weights lie, if not embedded; the file name may carry a hash, as in torch.hub."""
        return None

    def adapt(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Published weights under the names that ``build`` uses."""
        return state


class Dataset(Entry):
    """Examples with their labels (classes or numbers), in fixed splits ``train``, ``validation`` and ``test``."""

    task: ClassVar[str] = "image_classification"
    """What it is for: the name of a task."""
    shape: ClassVar[tuple[int, ...]]
    """Of one example: ``(channels, height, width)`` of an image."""
    classes: ClassVar[tuple[str, ...]] = ()
    """Names of the classes, where there are classes."""
    licence: ClassVar[str] = ""
    sizes: ClassVar[tuple[int, ...]] = ()
    """Of ``train``, ``validation`` and ``test``, where fixed."""
    embedded: ClassVar[bool] = False
    own: ClassVar[bool] = False
    """Whether somebody added it: whoever did may have trained any network on it, and pictures come in any size."""
    indices: ClassVar[tuple[int, ...]] = ()
    """The labels of ``classes``, where these are a choice of a model's classes; empty: 0, 1, 2 …"""
    resized: ClassVar[bool] = False
    """Whether its pictures are made ready as each network asks, so that any size fits."""
    megabytes: ClassVar[int] = 0
    """Size of the download."""

    @abstractmethod
    def load(self, split: str) -> Split:
        """The split, or ``Missing`` with a sentence on how to get the data."""

    def form(self) -> str:
        """Distinguishes several contents under one name (a folder of images); part of keys. No torch, no download."""
        return ""

    def older_form(self) -> str:
        """The form that keys of results had before contents entered them; to find what was kept then."""
        return self.form()

    def class_name(self, label: int) -> str:
        """A label, true or predicted, in words; ``class 7`` where the data set has no name for it.

        >>> images = datasets["fashion_mnist"]()
        >>> images.class_name(9), images.class_name(700)
        ('Ankle boot', 'class 700')
        """
        names = dict(zip(self.indices or range(len(self.classes)), self.classes, strict=True))
        return names.get(label, f"class {label}")

    def class_count(self) -> int | None:
        """How many outputs a network for these classes has; None where that is not told.

        Raises:
            Missing: it is told by data that is not there.
        """
        return len(self.classes) or None

    def download(self, folder: Path, progress: Progress) -> Path:
        """Download into ``folder`` and return what is to be kept of it; for data sets that have an address."""
        raise BadValue(f"{self.label} is not downloaded by this program.")


sources: Registry[Source] = Registry("source", "pruning.zoo.sources")
"""Where networks come from that are not registered one by one."""

models: SourcedRegistry[Model] = SourcedRegistry("model", "pruning.zoo.models", lambda: sources)

data_sources: Registry[Source] = Registry("source of data", "pruning.zoo.data_sources")
"""Where data sets come from that are not registered one by one."""

datasets: SourcedRegistry[Dataset] = SourcedRegistry("data set", "pruning.zoo.datasets", lambda: data_sources)


class Corruption(Entry):
    """A change of pictures, such as noise or blur, at severities 1 to 5; it says how a network fares in bad weather."""

    keeps_label: ClassVar[bool] = True
    """Whether the pictures still show their class; if not they are unknown inputs, and there is one severity."""

    @abstractmethod
    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        """The same pictures, changed.

        Args:
            pictures: float32 ``(n, channels, height, width)``, 0 black to 1 white; they are left as they are.
            severity: 1 to 5.
            generator: on the CPU, for all chance; it has the same seed for every severity.
        """


corruptions: Registry[Corruption] = Registry("corruption", "pruning.zoo.corruptions")
SEVERITIES = (1, 2, 3, 4, 5)


SPLITS = ("train", "validation", "test")


class Split(Protocol):
    """Examples with their labels, read by position. What a task shows of an example (``picture(position)``,
    ``row(position)``) is there for that task alone."""

    @property
    def labels(self) -> Tensor:
        """``(n, …)``: int64 classes or float32 numbers, available without reading the examples."""
        ...

    def __len__(self) -> int: ...

    def batch(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Examples ``start <= i < stop`` as the network takes them, ``(n, …)`` (images: normalised float32
        ``(n, C, H, W)``), and their labels."""
        ...

    def take(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """The examples at these positions, as ``batch`` gives them."""
        ...


def part(size: int, percent: int) -> int:
    """So many per cent of a number of channels, neurons or blocks: at least one, halves to the even number.

    >>> part(64, 50), part(3, 50), part(4, 1)
    (32, 2, 1)
    """
    return max(1, round(size * percent / 100))
