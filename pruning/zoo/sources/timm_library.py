"""timm's networks by timm's own names, with the tag of their weights or without: ``timm:resnet18.a1_in1k``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from pruning.common.errors import Missing, UnknownName, reason
from pruning.common.hashing import digest
from pruning.zoo.facts import Library
from pruning.zoo.kinds import sources
from pruning.zoo.match import IMAGENET
from pruning.zoo.sourced import Sourced, made

if TYPE_CHECKING:
    from torch import Tensor, nn

FILES = ("model.safetensors", "pytorch_model.bin")
"""What timm's repositories on the hub call the weights; the first is preferred."""


def timm() -> Any:
    """The package, imported beside a CPU build of torch.

    Raises:
        Missing: it is not installed.
    """
    from pruning.zoo.vision import torchvision

    try:
        torchvision()
        import timm
    except ImportError:
        raise Missing("timm is not installed: pip install timm.") from None
    return timm


class OfTimm(Sourced):
    """A network of timm."""

    hub: ClassVar[str] = ""
    """The repository of its weights on the hub; empty where none were published."""

    def built(self, classes: int) -> nn.Module:
        return timm().create_model(self.name.partition(":")[2], pretrained=False, num_classes=classes)

    def trained(self) -> dict[str, Tensor]:
        if not self.hub:
            raise Missing(self.absence())
        try:
            return timm().create_model(self.name.partition(":")[2], pretrained=True).state_dict()
        except Exception as error:  # no network, no such file, a damaged one: the hub's library has many ways to say so
            raise Missing(self.absence() or f"The weights of {self.name} cannot be read: {reason(error)}.") from None

    def absence(self) -> str:
        if not self.hub:
            return f"No trained weights of {self.name} were published on the hub: give a file, or use other weights."
        if self._cached():
            return ""
        return (
            f"The weights of {self.name} are not on this machine, or were not downloaded whole: with a network, "
            f"'hf download {self.hub}' brings them; without one, copy the folder that it makes in Hugging Face's cache."
        )

    def place(self) -> str:
        return self._cached() or f"of {self.name}"

    def fingerprint(self, seed: int, mark: str) -> str:
        """With the name of the cached file, which is the hash of its content."""
        name = os.path.basename(os.path.realpath(self._cached())) if mark != "init" else ""
        return digest(super().fingerprint(seed, mark), name) if name else super().fingerprint(seed, mark)

    def _cached(self) -> str:
        """The file of its weights in Hugging Face's cache, or nothing."""
        from huggingface_hub import try_to_load_from_cache

        found = (try_to_load_from_cache(self.hub, file) for file in FILES if self.hub)
        return next((path for path in found if isinstance(path, str)), "")


@sources.register
class TimmLibrary(Library):
    name = "timm"
    label = "timm"
    summary = "About a thousand image networks, with their published weights."
    example = "timm:resnet18.a1_in1k"
    package = "timm"
    rank = 20

    def entry(self, rest: str) -> type[OfTimm]:
        return made(OfTimm, f"{self.name}:{rest}", self.facts(rest))

    def look(self, rest: str) -> dict[str, Any]:
        import torch

        library = timm()
        if not library.is_model(rest):
            raise UnknownName("network of timm called", rest, self.names())
        try:
            with torch.device("meta"):
                network = library.create_model(rest, pretrained=False)
        except Exception as error:  # a tag that does not exist, a package that this network alone needs
            if "pretrained tag" in str(error):
                tags = library.list_pretrained(f"{rest.partition('.')[0]}.*")
                raise UnknownName("network of timm called", rest, tags) from None
            raise Missing(f"timm cannot build {rest}: {reason(error)}.") from None
        said = library.data.resolve_data_config({}, model=network)
        about, (channels, height, width) = network.pretrained_cfg, said["input_size"]
        count = sum(weight.numel() for weight in network.parameters())
        known = "in1k" in (about.get("tag") or "") and about["num_classes"] == 1000
        return {
            "label": rest,
            "summary": f"{count / 1e6:.1f} M parameters, {about['num_classes']} outputs, {height}x{width} pixels.",
            "hub": about.get("hf_hub_id") or "",
            "classes": about["num_classes"],
            "input_shape": [channels, height, width],
            "data": IMAGENET if known and (channels, height, width) == (3, 224, 224) else None,
            "preprocessing": {
                "size": [height, width],
                "resize": int(min(height, width) / said["crop_pct"]),
                "mean": said["mean"],
                "std": said["std"],
                "interpolation": said["interpolation"],
            },
        }

    def names(self) -> list[str]:
        library = timm()
        return sorted({*library.list_models(), *library.list_pretrained()})
