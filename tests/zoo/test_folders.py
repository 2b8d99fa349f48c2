"""Imagenette and a person's own folder, on trees of JPEG files; labels are the model's class indices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pruning.common.errors import Missing
from pruning.zoo.checkpoints import accuracy_of, initial
from pruning.zoo.data import load
from pruning.zoo.datasets.image_folder import ImageFolder
from pruning.zoo.datasets.imagenette import WNIDS, Imagenette
from pruning.zoo.folders import FolderSplit
from pruning.zoo.kinds import datasets
from pruning.zoo.match import class_name, examples
from pruning.zoo.vision import torchvision
from tests.zoo import disk


def folder_split(data: str, split: str) -> FolderSplit:
    loaded = load(data, split)
    assert isinstance(loaded, FolderSplit)
    return loaded


def files(split: FolderSplit) -> list[str]:
    return [path.name for path in split.paths]


@pytest.fixture
def imagenette(root: Path) -> Path:
    disk.jpegs(root / "imagenette2-160" / "train", dict.fromkeys(WNIDS, 5))
    disk.jpegs(root / "imagenette2-160" / "val", {wnid: 2 + (i == 1) for i, wnid in enumerate(WNIDS)})
    return root / "imagenette2-160"


@pytest.fixture
def own(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("PRUNING_IMAGE_FOLDER", str(folder))
    return folder


def test_imagenette_labels_are_imagenets(imagenette: Path) -> None:
    categories = torchvision().models.ResNet18_Weights.IMAGENET1K_V1.meta["categories"]
    for index, name in zip(Imagenette.indices, Imagenette.classes, strict=True):
        assert categories[index] == name
    assert Imagenette().class_name(217) == "English springer"
    assert Imagenette().class_name(1) == "class 1"
    theirs = torchvision().datasets.Imagenette(imagenette.parent, "val", size="160px")
    label_of = {Path(path).name: categories.index(theirs.classes[i][0]) for path, i in theirs._samples}
    test = folder_split("imagenette", "test")
    assert dict(zip(files(test), test.labels.tolist(), strict=True)) == label_of


def test_imagenette_splits(imagenette: Path) -> None:
    train, validation, test = (folder_split("imagenette", split) for split in ("train", "validation", "test"))
    assert [len(train), len(validation), len(test)] == [46, 4, 21]
    assert len(set(files(train)) | set(files(validation))) == 50
    assert test.labels.tolist() != sorted(test.labels.tolist()), "the first images must not be of one class"


def test_images_are_prepared_as_torchvision_does(imagenette: Path) -> None:
    theirs = torchvision().datasets.Imagenette(imagenette.parent, "val", size="160px")
    preset = torchvision().models.ResNet50_Weights.IMAGENET1K_V1.transforms()
    expected = {Path(path).name: preset(theirs[i][0]) for i, (path, _) in enumerate(theirs._samples)}
    test = folder_split("imagenette", "test")
    x, y = test.batch(4, 7)
    assert x.shape == (3, 3, 224, 224)
    assert torch.equal(y, test.labels[4:7])
    assert all(torch.equal(image, expected[name]) for image, name in zip(x, files(test)[4:7], strict=True))
    assert torch.equal(test.take(torch.tensor([6, 4]))[0], x[[2, 0]])
    picture = test.picture(4)
    assert (picture.shape, picture.dtype) == ((224, 224, 3), np.uint8)
    mean, std = torch.tensor(preset.mean).view(3, 1, 1), torch.tensor(preset.std).view(3, 1, 1)
    assert torch.allclose((torch.from_numpy(picture.copy()).permute(2, 0, 1) / 255 - mean) / std, x[0], atol=1e-5)


def test_a_thousand_class_network_is_scored_on_them(imagenette: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = initial("mobilenet_v3_small", 0)
    with torch.no_grad():
        model.get_parameter("classifier.3.bias")[217] = 1e4
    assert accuracy_of(model, "imagenette", "test") == pytest.approx(3 / 21)


def test_the_largest_size_is_read(imagenette: Path, root: Path) -> None:
    assert Imagenette().folder().name == "imagenette2-160"
    for part in ("train", "val"):
        (root / "imagenette2-320" / part).mkdir(parents=True)
    assert Imagenette().folder().name == "imagenette2-320"
    with pytest.raises(Missing, match="train split of Imagenette is empty"):
        folder_split("imagenette", "train")


def test_own_images_are_split_80_10_10(own: Path) -> None:
    disk.jpegs(own, {"cat": 30, "dog": 9, "no images yet": 0}, suffix=".png")
    (own / "cat" / "notes.txt").write_text("not an image")
    parts = [folder_split("image_folder", split) for split in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [33, 3, 3]
    assert len({name for part in parts for name in files(part)}) == 39
    train = parts[0]
    assert train.labels.tolist() == [int(name.startswith("dog")) for name in files(train)]
    entry = datasets["image_folder"]()
    assert [entry.class_name(label) for label in (0, 1, 2, 3)] == ["cat", "dog", "no images yet", "class 3"]


@pytest.mark.parametrize(
    ("folders", "sizes"),
    [
        ({"train": 12, "val": 4}, [22, 2, 8]),
        ({"train": 12, "test": 3}, [22, 2, 6]),
        ({"train": 6, "val": 2, "test": 1}, [12, 4, 2]),
    ],
)
def test_own_train_and_test_folders_are_kept(folders: dict[str, int], sizes: list[int], own: Path) -> None:
    for name, count in folders.items():
        disk.jpegs(own / name, {f"{name}-a": count, f"{name}-b": count})
        for wrong in ("a", "b"):
            (own / name / f"{name}-{wrong}").rename(own / name / wrong)
    parts = [folder_split("image_folder", split) for split in ("train", "validation", "test")]
    assert [len(part) for part in parts] == sizes
    assert len({path for part in parts for path in part.paths}) == sum(sizes)
    assert {path.parts[-3] for path in parts[0].paths} == {"train"}
    assert {path.parts[-3] for path in parts[2].paths} == {"test" if "test" in folders else "val"}


def test_folders_named_by_imagenets_ids_get_its_labels(own: Path) -> None:
    disk.jpegs(own, {"n02102040": 5, "n03888257": 5})
    assert set(examples("resnet18", "image_folder", "train").labels.tolist()) == {217, 701}
    assert set(folder_split("image_folder", "train").labels.tolist()) == {0, 1}, "for whoever does not know ImageNet"
    names = [class_name("resnet18", "image_folder", label) for label in (217, 701, 0)]
    assert names == ["n02102040", "n03888257", "class 0"]
    assert class_name("lenet_5", "image_folder", 0) == "n02102040"
    model = initial("mobilenet_v3_small", 0)
    with torch.no_grad():
        model.get_parameter("classifier.3.bias")[217] = 1e4
    split = examples("mobilenet_v3_small", "image_folder", "test")
    expected = float((split.labels == 217).float().mean())
    assert accuracy_of(model, "image_folder", "test", trained_as="mobilenet_v3_small") == expected


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda own: None, "is empty"),
        (lambda own: (own / "a.png").write_bytes(b"x"), "has images, but no class subfolders"),
        (lambda own: (own / "cat").mkdir(), "holds 0 images in its class subfolders"),
        (lambda own: disk.jpegs(own, {"cat": 2}), "holds 2 images in its class subfolders"),
        (lambda own: own.rmdir(), "does not exist"),
    ],
)
def test_a_folder_that_cannot_be_used(make: Any, part: str, own: Path) -> None:
    make(own)
    with pytest.raises(Missing, match=part):
        folder_split("image_folder", "train")


def test_no_folder_is_set(root: Path) -> None:
    with pytest.raises(Missing, match="PRUNING_IMAGE_FOLDER"):
        folder_split("image_folder", "train")


@pytest.mark.parametrize("content", [b"", b"not an image", None])
def test_a_damaged_image_is_named(content: bytes | None, own: Path) -> None:
    disk.jpegs(own, {"cat": 10})
    whole = (own / "cat" / "cat_3.JPEG").read_bytes()
    (own / "cat" / "cat_3.JPEG").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(Missing, match=r"cat_3\.JPEG cannot be read"):
        for name in ("train", "validation", "test"):
            split = folder_split("image_folder", name)
            split.batch(0, len(split))


def test_another_folder_is_another_data_set(own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    disk.jpegs(own, {"cat": 10})
    entry = datasets["image_folder"]()
    form = entry.form()
    assert len(folder_split("image_folder", "train")) == 8
    disk.jpegs(own, {"dog": 1})
    assert entry.form() != form
    disk.jpegs(tmp_path / "second", {"cat": 20})
    monkeypatch.setenv("PRUNING_IMAGE_FOLDER", str(tmp_path / "second"))
    assert len(folder_split("image_folder", "train")) == 16
    assert ImageFolder.model_validate({"path": str(own)}).form() != entry.form()
