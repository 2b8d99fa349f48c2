"""How most scripts read images: torchvision's dataset, one picture after another through its transforms."""

from __future__ import annotations

import torch
from torch.utils.data import Dataset

from pruning.zoo import data as zoo_data
from pruning.zoo.vision import torchvision

MEAN, DEVIATION = 0.286, 0.353


def pictures(split: str, count: int) -> Dataset:
    """The first images of a split as ``torchvision.datasets.FashionMNIST`` gives them, without its reading of files:
    they are the same."""
    transforms, kind = torchvision().transforms, torchvision().datasets.FashionMNIST
    images = zoo_data.load("fashion_mnist", split)
    made = kind.__new__(kind)
    made.data = torch.stack([torch.from_numpy(images.picture(place)) for place in range(count)])
    made.targets = images.labels[:count]
    made.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (DEVIATION,))])
    made.target_transform = None
    return made
