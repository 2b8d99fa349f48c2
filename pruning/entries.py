"""The kinds of things that register themselves, and what each must say about itself.

An entry is a frozen dataclass: its class variables describe it (name, label, formula, reference), its fields are the
options a person may set, with bounds and help. Pages make widgets of the fields, the command line makes options, and
hashes are made of the values that differ from the defaults. No torch is imported here, nor by a module of entries.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from pruning.errors import BadValue, Incompatible, StoreError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from pruning.state import State
    from pruning.zoo.data import Split


class Progress(Protocol):
    """How long work reports itself, between batches, and learns that it was cancelled."""

    def __call__(self, done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        """Done and total are in one unit of work; ``partial`` is a first result, to be refined.

        Raises:
            Cancelled: somebody cancelled; the caller stops at once.
        """
        ...


def quiet(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
    """Progress that nobody watches."""


class Shelf(Protocol):
    """Where steps that take long keep files under the name of their state."""

    def read(self, kind: str, key: str, suffix: str) -> bytes | None:
        """The file's content, or None."""
        ...

    def write(self, kind: str, key: str, data: bytes, suffix: str) -> Path:
        """Keep a file, whole or not at all."""
        ...


@dataclass(frozen=True)
class Desk:
    """What a measure works with, beside the state: progress, and a place for files."""

    progress: Progress = quiet
    save: Callable[[str, str, bytes, str], Path] | None = None
    """``(kind, key, data, suffix) -> path`` of a file written whole or not at all."""
    load: Callable[[str, str, str], bytes | None] | None = None
    """``(kind, key, suffix) -> content`` of a file that was saved so, or None."""

    def part(self, done: float, total: float, note: str) -> Callable[[float], None]:
        """Progress within one part of the work: takes the share of it (0..1) that is done. The part counts as one of
        ``total``, and is never told as finished, which its result is there to do."""
        return lambda share: self.progress(done + min(share, 0.99), total, note)

    def keeper(self) -> Callable[[str, str, bytes, str], dict[str, Any]]:
        """What keeps a file to take home, ``(kind, key, data, suffix)``, and tells its ``path`` and ``bytes``. It is
        asked for before the file is made, so that no work is lost.

        Raises:
            StoreError: there is no store.
        """
        save = self.save
        if save is None:
            raise StoreError("A file to take home needs a store to be written to.")
        return lambda kind, key, data, suffix: {"path": str(save(kind, key, data, suffix)), "bytes": len(data)}


ASSETS = Path(__file__).resolve().parents[1] / "assets"


@lru_cache(maxsize=64)
def _file_hash(path: Path, _modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


class Entry(BaseModel):
    """Something that exists under a name; see the module's text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    """Final: it enters links, hashes and tables."""
    label: ClassVar[str]
    summary: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    rank: ClassVar[int] = 100
    """Place in lists: lower first."""


def part(size: int, percent: int) -> int:
    """So many per cent of a number of channels, neurons or blocks: at least one, halves to the even number."""
    return max(1, round(size * percent / 100))


class Model(Entry):
    """A network architecture. ``build`` returns it with fresh initial weights, drawn from torch's generator."""

    data: ClassVar[str | None] = "fashion_mnist"
    """The data set its embedded or downloaded weights were trained on."""
    input_shape: ClassVar[tuple[int, int, int]] = (1, 28, 28)
    classes: ClassVar[int] = 10
    seeds: ClassVar[tuple[int, ...]] = (0,)
    """Training seeds for which a trained checkpoint is embedded."""
    embedded: ClassVar[bool] = True
    """Whether the trained weights lie in ``assets/``."""
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
        trained again never answers with old results. Empty for initial weights, which the seed gives, and for
        published weights, whose name carries a hash."""
        path = ASSETS / "models" / self.name / f"seed{seed}.{mark}.safetensors"
        if mark == "init" or not self.embedded or not path.is_file():
            return ""
        return _file_hash(path, path.stat().st_mtime_ns)

    def address(self) -> str | None:
        """Where published weights lie, if not embedded; the file name may carry a hash, as in torch.hub."""
        return None

    def adapt(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Published weights under the names that ``build`` uses."""
        return state


class Dataset(Entry):
    """Images with labels, in fixed splits ``train``, ``validation`` and ``test``."""

    shape: ClassVar[tuple[int, int, int]]
    classes: ClassVar[tuple[str, ...]]
    licence: ClassVar[str] = ""
    embedded: ClassVar[bool] = False
    indices: ClassVar[tuple[int, ...]] = ()
    """The labels of ``classes``, where these are a choice of a model's classes; empty: 0, 1, 2 …"""
    megabytes: ClassVar[int] = 0
    """Size of the download."""

    @abstractmethod
    def load(self, split: str) -> Split:
        """The split, or ``Missing`` with a sentence on how to get the data."""

    def form(self) -> str:
        """What tells apart several contents under one name (a folder of images); enters keys. No torch, no download."""
        return ""

    def class_name(self, label: int) -> str:
        """A label, true or predicted, in words; ``class 7`` where the data set has no name for it."""
        names = dict(zip(self.indices or range(len(self.classes)), self.classes, strict=True))
        return names.get(label, f"class {label}")

    def download(self, folder: Path, progress: Progress) -> Path:
        """Download into ``folder`` and return what is to be kept of it; for data sets that have an address."""
        raise BadValue(f"{self.label} is not downloaded by this program.")


class Measure(Entry):
    """Something measured on a state: accuracy, bytes, a look inside a layer. Its result is plain data."""

    scope: ClassVar[Literal["state", "ranking"]] = "state"
    """Whether it depends on the level of the last pruning step, or only on its ranking."""
    stored: ClassVar[bool] = True
    """Whether results are worth keeping across restarts; if not they may hold numpy arrays."""
    pure: ClassVar[bool] = True
    """False for timings: they are facts about a machine, and their key holds the machine."""

    @abstractmethod
    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        """The result, JSON-ready if ``stored``; shapes and units are told by each measure."""

    def images(self) -> int | None:
        """How many images it passes through the network, for estimates of its time."""
        return None
