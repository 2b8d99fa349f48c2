"""How most scripts read images: torchvision's dataset, one picture after another through its transforms."""

from __future__ import annotations

import torch
from torch.utils.data import Dataset
from torchvision.datasets import FashionMNIST
from torchvision.transforms import Compose, Normalize, ToTensor

from pruning.zoo import data as zoo_data

MEAN, DEVIATION = 0.286, 0.353


def pictures(split: str, count: int) -> Dataset:
    """The first images of a split as ``torchvision.datasets.FashionMNIST`` gives them, without its reading of files:
    they are the same."""
    images = zoo_data.load("fashion_mnist", split)
    made = FashionMNIST.__new__(FashionMNIST)
    made.data = torch.stack([torch.from_numpy(images.picture(place)) for place in range(count)])
    made.targets = images.labels[:count]
    made.transform, made.target_transform = Compose([ToTensor(), Normalize((MEAN,), (DEVIATION,))]), None
    return made
