"""Fashion-MNIST, whole, in ``assets/``: 55,000 training, 5,000 validation and 10,000 test images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Dataset, datasets

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split

TRAIN = 55_000


@datasets.register
class FashionMNIST(Dataset):
    name = "fashion_mnist"
    label = "Fashion-MNIST"
    summary = "70,000 grey images of clothes, 28x28 pixels, in ten classes."
    reference = "Xiao et al. 2017"
    rank = 10
    sizes = (55_000, 5_000, 10_000)
    shape = (1, 28, 28)
    classes = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    licence = "MIT (Zalando SE)"
    embedded = True

    def load(self, split: str) -> Split:
        import torch

        from pruning.common.environment import ASSETS
        from pruning.zoo.data import TensorSplit, read_idx, train_validation_order

        folder = ASSETS / "data" / "fashion_mnist"
        part = "t10k" if split == "test" else "train"
        images = torch.from_numpy(read_idx(folder / f"{part}-images-idx3-ubyte.gz").copy()).unsqueeze(1)
        labels = torch.from_numpy(read_idx(folder / f"{part}-labels-idx1-ubyte.gz").astype("int64"))
        if split != "test":
            order = torch.from_numpy(train_validation_order(len(labels)))
            chosen = order[:TRAIN] if split == "train" else order[TRAIN:]
            images, labels = images[chosen], labels[chosen]
        return TensorSplit(images, labels, mean=(0.2860,), std=(0.3530,))
