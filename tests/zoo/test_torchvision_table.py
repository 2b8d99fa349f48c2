"""The table of torchvision's models against torchvision itself; networks are built on "meta", without memory."""

from __future__ import annotations

import pickle

import pytest
import torch

from pruning.zoo.kinds import models
from pruning.zoo.models.torchvision_models import TorchvisionModel
from pruning.zoo.vision import torchvision

OURS = {name: entry for name in models if issubclass(entry := models[name], TorchvisionModel)}
ABOVE_A_GIGABYTE = {"regnet_y_128gf", "vit_h_14", "vit_l_16", "vit_l_32"}


def test_all_of_torchvisions_classification_models_are_listed() -> None:
    everything = set(torchvision().models.list_models(module=torchvision().models))
    assert set(OURS) == everything - ABOVE_A_GIGABYTE
    assert next(iter(OURS)) == "resnet18"


@pytest.mark.parametrize("name", OURS)
def test_facts_agree_with_torchvision(name: str) -> None:
    weights = torchvision().models.get_model_weights(name).DEFAULT
    preset = weights.transforms()
    assert OURS[name].input_shape == (3, preset.crop_size[0], preset.crop_size[0])
    assert OURS[name].data == ("imagenette" if preset.crop_size == [224] else None)
    if OURS[name].data:
        assert (preset.mean, preset.std) == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert len(weights.meta["categories"]) == OURS[name].classes == 1000
    if name != "inception_v3":  # torchvision counts its auxiliary head, which is not built here
        assert OURS[name].parameters == weights.meta["num_params"]


@pytest.mark.parametrize(
    "name", ["resnet50", "vit_b_16", "convnext_tiny", "inception_v3", "googlenet", "vgg16_bn", "swin_t"]
)
def test_what_is_built_has_the_stated_size_and_runs(name: str) -> None:
    with torch.device("meta"):
        model = OURS[name]().build().eval()
        out = model(torch.empty(2, *OURS[name].input_shape))
    assert sum(parameter.numel() for parameter in model.parameters()) == OURS[name].parameters
    assert tuple(out.shape) == (2, 1000)


def test_entries_travel_to_workers() -> None:
    assert pickle.loads(pickle.dumps(OURS["resnet18"]())) == OURS["resnet18"]()
