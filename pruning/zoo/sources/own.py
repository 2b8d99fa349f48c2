"""Networks that people added under a name of their own: ``own:photos_resnet``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pruning.common.errors import BadTensor, Missing, UnknownName, reason
from pruning.common.hashing import digest
from pruning.common.limits import ENTRIES
from pruning.common.memory import Recent
from pruning.common.sources import Source
from pruning.zoo.added import kept
from pruning.zoo.contents import file_hash
from pruning.zoo.kinds import datasets, sources
from pruning.zoo.sourced import Sourced, made

if TYPE_CHECKING:
    from torch import Tensor, nn

FACTS = ("label", "summary", "task", "classes", "class_names", "input_shape", "preprocessing", "architecture")
_made: Recent[type[Any]] = Recent(ENTRIES, "added networks")


class Added(Sourced):
    """A network that somebody added: an architecture from elsewhere, with weights of their own."""

    any_data = True
    architecture: ClassVar[str] = ""
    """The name of the model it is built like."""

    def built(self, classes: int) -> nn.Module:
        from pruning.zoo.added.building import building

        return building(self.architecture)(classes, self.input_shape[0])

    def trained(self) -> dict[str, Tensor]:
        return self._read(kept.WEIGHTS)

    def masks(self) -> dict[str, Tensor]:
        if not (self._folder / kept.MASKS).exists():
            return {}
        return {name: mask.bool() for name, mask in self._read(kept.MASKS).items()}

    def place(self) -> str:
        return str(self._folder / kept.WEIGHTS)

    def fingerprint(self, seed: int, mark: str) -> str:
        if mark == "init":
            return digest("architecture", self.architecture)
        files = (self._folder / name for name in (kept.WEIGHTS, kept.MASKS))
        hashes = [file_hash(path) for path in files if path.exists()]
        return digest(super().fingerprint(seed, mark), self.architecture, hashes)

    @property
    def _folder(self) -> Path:
        return kept.folder_of(self.name.partition(":")[2])

    def _read(self, name: str) -> dict[str, Tensor]:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = self._folder / name
        try:
            return load_file(path)
        except FileNotFoundError:
            raise Missing(f"The network {self.name} was removed from this server.") from None
        except (SafetensorError, OSError, ValueError) as error:
            raise BadTensor(f"The weights {path} are damaged ({reason(error)}): add the network again.") from None


@sources.register
class OwnNetworks(Source):
    name = "own"
    label = "Your own"
    summary = "Networks that people added to this server."
    example = "own:photos_resnet"
    rank = 1

    def entry(self, rest: str) -> type[Added]:
        said = kept.card_of(rest)
        data = said.get("data") if said.get("data") in datasets else None
        path = kept.folder_of(rest) / kept.CARD
        try:
            key = (str(path), path.stat().st_mtime_ns, data)
        except OSError:
            raise UnknownName("network of your own called", rest, kept.cards()) from None
        facts = {name: said[name] for name in FACTS if name in said}
        return _made.get_or_make(key, lambda: made(Added, f"{self.name}:{rest}", facts, data=data))

    def listed(self) -> list[str]:
        return [f"{self.name}:{name}" for name in kept.cards()]
