"""Networks that a source gives: their class is made of facts, which need no torch, and built when they are used."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pruning.common.hashing import digest
from pruning.zoo.kinds import Model
from pruning.zoo.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor, nn


class Sourced(Model):
    """A network of a source. Its trained weights come from a library, from the hub, or from what a person added."""

    embedded = False
    data = None
    weights_hash: ClassVar[str] = ""
    """What tells its trained weights from others of the same name, as far as that is known without reading them."""

    @abstractmethod
    def built(self, classes: int) -> nn.Module:
        """The architecture with fresh weights and so many outputs."""

    @abstractmethod
    def trained(self) -> dict[str, Tensor]:
        """Its trained weights, under the names that ``built`` uses.

        Raises:
            Missing: they are not on this machine and cannot be had; the sentence says how to get them.
            BadTensor: their file is damaged.
        """

    def build(self) -> nn.Module:
        return self.built(self.classes)

    def absence(self) -> str:
        """Why its trained weights are not on this machine and how to get them; empty where they are. No network."""
        return ""

    def place(self) -> str:
        """Where they lie, for messages."""
        return f"of {self.name}"

    def masks(self) -> dict[str, Tensor]:
        """Weights that are pruned already, as the person's checkpoint says: bool, True = kept."""
        return {}

    def fingerprint(self, seed: int, mark: str) -> str:
        if mark == "init":
            return ""
        prepared = self.preprocessing.said() if self.preprocessing is not None else {}
        return digest("weights", self.weights_hash, prepared)


def made(base: type[Sourced], name: str, facts: Mapping[str, Any], **more: Any) -> type[Any]:
    """The class of one network.

    Args:
        base: what its source's networks have in common.
        facts: what JSON says of it: label, summary, task, classes, input_shape and so on.
        more: class variables beside those.
    """
    about = {key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()}
    if about.get("preprocessing") is not None:
        about["preprocessing"] = Preprocessing.of(facts["preprocessing"])
    content = {"__module__": base.__module__, "__doc__": f"{name}.", "name": name, **about, **more}
    return type(name, (base,), content)
