"""Checkpoints of strangers (``.pth .pt .bin .ckpt .safetensors``): tensors only, read apart, given back as safetensors.

The file is opened in a process with limits (``pruning.common.apart``) by ``strangers_child``. This process sees a clean
safetensors file, whose names are numbers, and what the file said of itself as JSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pruning.common.apart import in_own_process
from pruning.common.errors import Missing, Refused, shortened
from pruning.common.limits import APART_SECONDS, STRANGER_MB

if TYPE_CHECKING:
    from torch import Tensor

Place = tuple[str | int, ...]
"""The keys that lead to something in a checkpoint: ``("state_dict", "conv1.weight")``."""


@dataclass(frozen=True)
class ForeignTensor:
    """A tensor of a checkpoint, without its numbers.

    Attributes:
        place: where it stood; the last key is its name in the state dict that held it.
        key: its name in the clean file. Tied tensors, stored once, have the same.
        shape: its shape.
        dtype: as safetensors calls it: ``F32``, ``BF16``, ``I64``.
        nan: how many of its numbers are NaN.
        infinite: how many are infinite.
    """

    place: Place
    key: str
    shape: tuple[int, ...]
    dtype: str
    nan: int
    infinite: int


@dataclass(frozen=True)
class ForeignCheckpoint:
    """What a checkpoint held.

    Attributes:
        weights: the clean safetensors file; its names are the tensors' ``key``.
        form: what kind of file it was: "safetensors", or "torch.save".
        tensors: all tensors but an optimizer's, in the file's order.
        values: what else was simple enough to be kept: numbers, texts, and lists of them (names of classes, say).
        others: what was left unread, and what it said it was: ``argparse.Namespace``, or an optimizer's state.
    """

    weights: Path
    form: str
    tensors: tuple[ForeignTensor, ...]
    values: dict[Place, Any] = field(default_factory=dict)
    others: dict[Place, str] = field(default_factory=dict)

    def networks(self) -> dict[Place, list[ForeignTensor]]:
        """Tensors by the container that held them, which is a state dict; those of most numbers first."""
        found: dict[Place, list[ForeignTensor]] = {}
        for tensor in self.tensors:
            found.setdefault(tensor.place[:-1], []).append(tensor)
        return dict(sorted(found.items(), key=lambda item: -sum(math.prod(t.shape) for t in item[1])))

    def state(self, container: Place) -> dict[str, Tensor]:
        """The state dict of one container: tensors by name.

        Raises:
            Refused: there is no such container.
        """
        from safetensors import safe_open

        wanted = self.networks().get(container)
        if wanted is None:
            raise Refused(f"The checkpoint has no weights under {shortened(container)}.")
        with safe_open(self.weights, framework="pt") as file:
            return {str(tensor.place[-1]): file.get_tensor(tensor.key) for tensor in wanted}

    def not_finite(self) -> tuple[ForeignTensor, ...]:
        """The tensors that hold NaN or infinity, which no ranking can use."""
        return tuple(tensor for tensor in self.tensors if tensor.nan or tensor.infinite)


def read_checkpoint(
    path: Path, into: Path, *, called: str = "", most_mb: int = STRANGER_MB, seconds: float = APART_SECONDS
) -> ForeignCheckpoint:
    """Read a checkpoint that anybody may have made; no code in it runs, whatever it says.

    Args:
        path: the file. Its content says what it is, not its name.
        into: a folder of ours, where ``weights.safetensors`` is written.
        called: the file's name as people know it, for sentences.
        most_mb: the largest file that is read, in megabytes.
        seconds: how long reading may take.

    Raises:
        Missing: there is no such file.
        Refused: it is no checkpoint, is damaged, too large, or made to do harm; the sentence says which.
    """
    what = f"The file {printable(called or path.name)}"
    if not path.is_file():  # a pipe of that name would be waited for
        raise Missing(f"{what} is not there, or is not a file.")
    size = path.stat().st_size
    if size > most_mb * 2**20:
        raise Refused(f"{what} has {size / 2**20:,.0f} MB: at most {most_mb:,} MB are read.")
    weights = into / "weights.safetensors"
    try:
        said = in_own_process(
            "pruning.zoo.strangers_child:read",
            {"path": str(path.resolve()), "into": str(weights.resolve()), "what": what},
            what=what,
            megabytes=512 + 5 * size // 2**20,  # the file, its tensors, and the clean file, with room
            seconds=seconds,
        )
    except Refused:
        weights.unlink(missing_ok=True)
        raise
    tensors = tuple(_foreign(tensor) for tensor in said["tensors"])
    values = {tuple(place): value for place, value in said["values"]}
    others = {tuple(place): name for place, name in said["others"]}
    return ForeignCheckpoint(weights, said["form"], tensors, values, others)


def _foreign(said: dict[str, Any]) -> ForeignTensor:
    place, shape = tuple(said.pop("place")), tuple(said.pop("shape"))
    return ForeignTensor(place=place, shape=shape, **said)


def printable(name: object) -> str:
    """A name of a stranger as a sentence may hold it: nothing that hides, turns round or ends the line."""
    return "".join(letter if letter.isprintable() else "�" for letter in shortened(name))
