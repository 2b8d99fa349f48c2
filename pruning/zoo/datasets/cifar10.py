"""CIFAR-10, read by torchvision: 45,000 training, 5,000 validation and 10,000 test images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pruning.common.progress import Progress
from pruning.zoo.kinds import Dataset, datasets

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split


@datasets.register
class CIFAR10(Dataset):
    name = "cifar10"
    label = "CIFAR-10"
    summary = "60,000 small colour images, 32x32 pixels, in ten classes."
    reference = "Krizhevsky 2009"
    rank = 20
    sizes = (45_000, 5_000, 10_000)
    shape = (3, 32, 32)
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    licence = "none stated by its authors; for research"
    megabytes = 170

    def load(self, split: str) -> Split:
        from pruning.zoo.downloaded import tensor_split
        from pruning.zoo.vision import torchvision

        source = torchvision().datasets.CIFAR10
        mean, std = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
        return tensor_split(self, source, split, folder=source.base_folder, share=10, mean=mean, std=std)

    def download(self, folder: Path, progress: Progress) -> Path:
        from pruning.zoo.fetch import download
        from pruning.zoo.vision import torchvision

        source = torchvision().datasets.CIFAR10
        download(source.url, folder / source.filename, md5=source.tgz_md5, progress=progress)
        source(folder, download=True)
        return folder / source.base_folder
