"""A person's own folder of images, one subfolder for each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.common.errors import Missing
from pruning.zoo.kinds import Dataset, datasets
from pruning.zoo.places import (
    class_folders,
    content_hash,
    image_folder,
    images_by_class,
    parts,
    size_hash,
)

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split


@datasets.register
class ImageFolder(Dataset):
    """Subfolders ``train`` and ``val`` or ``test`` are used where they are; else all images are split 80/10/10.

    Labels are 0, 1, 2 … in the order of the classes' names; for a network that knows ImageNet see ``match.examples``.
    """

    name = "image_folder"
    label = "Folder of images"
    summary = "Your own images: a folder with one subfolder for each class."
    rank = 50
    shape = (3, 224, 224)
    classes = ()
    resized = True
    licence = "yours"

    path: str = Field("", description="The folder; empty: the one that PRUNING_IMAGE_FOLDER names.")

    def labels(self) -> dict[int, str]:
        """Class names by label."""
        return dict(enumerate(class_folders(image_folder(self.path))))

    def class_count(self) -> int:
        return len(self.labels())

    def class_name(self, label: int) -> str:
        return self.labels().get(label, f"class {label}")

    def form(self) -> str:
        return content_hash(image_folder(self.path))

    def older_form(self) -> str:
        return size_hash(image_folder(self.path))

    def load(self, split: str) -> Split:
        from pruning.zoo.downloaded import held_out
        from pruning.zoo.folders import FolderSplit, shuffled

        root = image_folder(self.path)
        labels, found = self.labels(), parts(root)
        names = tuple(labels.values())
        if "all" in found:
            files = shuffled(images_by_class(found["all"], names))
            if len(files) < 3:
                raise Missing(
                    f"The folder {root} holds {len(files)} images in its class subfolders; three are the least."
                )
            tenth = max(1, len(files) // 10)
            cut = {"train": files[: -2 * tenth], "validation": files[-2 * tenth : -tenth], "test": files[-tenth:]}
            return FolderSplit.of(cut[split], tuple(labels))
        files = images_by_class(found.get(split, found["train"]), names)
        if split != "test" and "validation" not in found and files:
            return FolderSplit.of([files[i] for i in held_out(len(files), 12, split)], tuple(labels))
        return FolderSplit.of(shuffled(files), tuple(labels))
