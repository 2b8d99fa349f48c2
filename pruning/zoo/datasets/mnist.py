"""MNIST, read by torchvision: 55,000 training, 5,000 validation and 10,000 test images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pruning.common.errors import Missing
from pruning.common.progress import Progress
from pruning.zoo.contents import folder_hash
from pruning.zoo.kinds import Dataset, datasets
from pruning.zoo.places import data_root

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split


@datasets.register
class MNIST(Dataset):
    name = "mnist"
    label = "MNIST"
    summary = "70,000 handwritten digits, 28x28 pixels, grey."
    reference = "LeCun et al. 1998"
    rank = 15
    sizes = (55_000, 5_000, 10_000)
    shape = (1, 28, 28)
    classes = tuple("0123456789")
    licence = "CC BY-SA 3.0"
    megabytes = 12

    def form(self) -> str:
        """Of the four files: torchvision does not look whether they are the published ones once they are unpacked."""
        folder = data_root() / "MNIST" / "raw"
        files = sorted(path for path in folder.glob("*-ubyte") if path.is_file())
        if not files:
            raise Missing(f"MNIST is not in {folder}.")
        return folder_hash(folder, lambda: files, data_root() / ".hashes")

    def older_form(self) -> str:
        return ""

    def load(self, split: str) -> Split:
        from pruning.zoo.downloaded import tensor_split
        from pruning.zoo.vision import torchvision

        source = torchvision().datasets.MNIST
        return tensor_split(self, source, split, folder="MNIST/raw", share=12, mean=(0.1307,), std=(0.3081,))

    def download(self, folder: Path, progress: Progress) -> Path:
        from pruning.zoo.fetch import download
        from pruning.zoo.vision import torchvision

        source = torchvision().datasets.MNIST
        raw = folder / "MNIST" / "raw"
        for filename, md5 in source.resources:
            for mirror in source.mirrors:
                try:
                    download(f"{mirror}{filename}", raw / filename, md5=md5, progress=progress)
                    break
                except Missing:
                    if mirror == source.mirrors[-1]:
                        raise
        source(folder, download=True)
        return folder / "MNIST"
