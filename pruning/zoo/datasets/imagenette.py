"""Imagenette: ten classes of ImageNet that differ clearly, so that networks trained on all 1,000 can be scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pruning.common.errors import Missing
from pruning.common.progress import Progress
from pruning.zoo.kinds import Dataset, datasets
from pruning.zoo.places import content_hash, data_root

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split

WNIDS = (
    "n01440764",
    "n02102040",
    "n02979186",
    "n03000684",
    "n03028079",
    "n03394916",
    "n03417042",
    "n03425413",
    "n03445777",
    "n03888257",
)
SIZES = {"full": "imagenette2", "320px": "imagenette2-320", "160px": "imagenette2-160"}
"""torchvision's names and folders, best first: pretrained networks see 256 pixels, of which 160 is an enlargement."""


@datasets.register
class Imagenette(Dataset):
    name = "imagenette"
    label = "Imagenette"
    summary = "13,394 photographs of ten of ImageNet's classes: 8,680 for training, 789 for validation, 3,925 for test."
    reference = "Howard 2019"
    rank = 40
    shape = (3, 224, 224)
    classes = (
        "tench",
        "English springer",
        "cassette player",
        "chain saw",
        "church",
        "French horn",
        "garbage truck",
        "gas pump",
        "golf ball",
        "parachute",
    )
    indices = (0, 217, 482, 491, 497, 566, 569, 571, 574, 701)
    resized = True
    licence = "Apache-2.0 (the images: as in ImageNet)"
    megabytes = 342

    def folder(self) -> Path:
        """The largest of the three sizes that is on this machine.

        Raises:
            Missing: none is.
        """
        for name in SIZES.values():
            if (data_root() / name / "train").is_dir() and (data_root() / name / "val").is_dir():
                return data_root() / name
        raise Missing(
            f"Imagenette is not on this machine: 'python -m pruning data imagenette' downloads it "
            f"({self.megabytes} MB), or unpack imagenette2-320.tgz into {data_root()}."
        )

    def form(self) -> str:
        return f"{self.folder().name} {content_hash(self.folder())}"

    def older_form(self) -> str:
        return self.folder().name

    def load(self, split: str) -> Split:
        from pruning.zoo.downloaded import held_out
        from pruning.zoo.folders import FolderSplit, shuffled
        from pruning.zoo.places import images_by_class

        files = images_by_class(self.folder() / ("val" if split == "test" else "train"), WNIDS)
        chosen = files if split == "test" or not files else [files[i] for i in held_out(len(files), 12, split)]
        return FolderSplit.of(shuffled(chosen) if split == "test" else chosen, self.indices)

    def download(self, folder: Path, progress: Progress) -> Path:
        from pruning.zoo.fetch import download
        from pruning.zoo.vision import torchvision

        source = torchvision().datasets.Imagenette
        url, md5 = source._ARCHIVES["320px"]
        download(url, folder / url.rpartition("/")[2], md5=md5, progress=progress)
        source(folder, size="320px", download=True)
        return folder / SIZES["320px"]
