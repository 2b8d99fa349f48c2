"""torchvision's classification networks by torchvision's own names: ``torchvision:resnet18``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.errors import UnknownName
from pruning.zoo.facts import Library
from pruning.zoo.kinds import hash_in, models, sources
from pruning.zoo.match import IMAGENET
from pruning.zoo.models.torchvision_models import TorchvisionModel
from pruning.zoo.sourced import Sourced, made

if TYPE_CHECKING:
    from torch import Tensor, nn


class OfTorchvision(Sourced, TorchvisionModel):
    """A network of torchvision, with its default weights or another head."""

    parameters = 0

    def built(self, classes: int) -> nn.Module:
        return TorchvisionModel.built(self, classes)

    def trained(self) -> dict[str, Tensor]:
        from pruning.zoo import published

        return published.read(self)

    def absence(self) -> str:
        from pruning.zoo import published

        return "" if published.path_of(self).exists() else published.absence(self)

    def place(self) -> str:
        from pruning.zoo import published

        return str(published.path_of(self))


@sources.register
class TorchvisionLibrary(Library):
    name = "torchvision"
    label = "torchvision"
    summary = "Classification networks of torchvision, with its weights for ImageNet."
    example = "torchvision:resnet18"
    package = "torchvision"
    rank = 10

    def entry(self, rest: str) -> type[OfTorchvision]:
        return made(OfTorchvision, f"{self.name}:{rest}", self.facts(rest))

    def look(self, rest: str) -> dict[str, Any]:
        from pruning.zoo.vision import torchvision

        library = torchvision().models
        if rest not in (known := self.names()):
            raise UnknownName("network of torchvision called", rest, known)
        weights = library.get_model_weights(rest).DEFAULT
        ready = weights.transforms()
        side = ready.crop_size[0]
        return {
            "label": models[rest].label if rest in models else rest,
            "summary": f"{weights.meta['num_params'] / 1e6:.1f} M parameters, ImageNet's 1,000 classes, "
            f"{side}x{side} pixels.",
            "parameters": weights.meta["num_params"],
            "classes": 1000,
            "class_names": weights.meta["categories"],
            "input_shape": [3, side, side],
            "data": IMAGENET if side == 224 else None,
            "weights_hash": hash_in(weights.url.rpartition("/")[2]),
            "preprocessing": {
                "size": [side, side],
                "resize": ready.resize_size[0],
                "mean": ready.mean,
                "std": ready.std,
                "interpolation": ready.interpolation.value,
            },
        }

    def names(self) -> list[str]:
        from pruning.zoo.vision import torchvision

        library = torchvision().models
        return library.list_models(module=library)
