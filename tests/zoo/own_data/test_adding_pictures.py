"""Folders and zips of pictures become data sets: what is counted, kept, split, and what is said of the rest."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pruning.common.errors import BadValue, UnknownName
from pruning.zoo.base import Base
from pruning.zoo.data import load
from pruning.zoo.kinds import SPLITS, datasets
from pruning.zoo.match import class_name, compatible, examples
from pruning.zoo.own_data import kept
from pruning.zoo.own_data.adding import add_data
from pruning.zoo.own_data.pictures import PictureSplit
from tests.zoo.own_data.drawing import drawn, fill

CLOTHES = tuple(datasets["fashion_mnist"].classes)


def files_of(name: str, split: str) -> list[str]:
    found = load(name, split)
    assert isinstance(found, PictureSplit) and isinstance(found.source, tuple)
    return [found.source[int(place)].name for place in found.places]


def test_a_folder_becomes_a_data_set(shelf: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "pets", {"cat": 40, "dog": 25})
    report = add_data("pets", folder)
    assert report.name == "own:pets" and report.name in datasets.names() and report.name in datasets
    entry = datasets["own:pets"]
    assert entry.classes == ("cat", "dog") and entry.shape == (3, 28, 28) and entry.label == "pets"
    labels = torch.cat([load("own:pets", split).labels for split in SPLITS])
    assert torch.bincount(labels).tolist() == [40, 25]
    counts = report.card["counts"]
    assert {split: sum(counts[split].values()) for split in SPLITS} == {s: len(load("own:pets", s)) for s in SPLITS}
    assert sum(counts[split]["cat"] for split in SPLITS) == 40
    shutil.rmtree(folder)  # it was copied
    assert load("own:pets", "test").batch(0, 1)[0].shape == (1, 3, 28, 28)
    kept.remove("pets")
    assert "own:pets" not in datasets and not list(shelf.iterdir())
    with pytest.raises(UnknownName, match="no data of your own called 'pets'"):
        datasets["own:pets"]


def test_more_pictures_move_none_to_another_split(shelf: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "pets", {"cat": 30, "dog": 30})
    add_data("few", folder)
    fill(folder, {"cat": 50, "horse": 20}, first=1000)
    add_data("many", folder)
    for split in SPLITS:
        few, many = files_of("own:few", split), files_of("own:many", split)
        assert [name for name in many if name in set(few)] == few
    assert datasets["own:few"]().form() != datasets["own:many"]().form()
    add_data("again", tmp_path / "pets")
    assert datasets["own:again"]().form() == datasets["own:many"]().form()  # whatever it is called


def test_what_the_data_splits_itself_is_kept(shelf: Path, tmp_path: Path) -> None:
    for place, part in enumerate(("Train", "valid", "test")):
        fill(tmp_path / "pets" / "all" / part, {"cat": 4, "dog": 3}, first=10 * place)
    report = add_data("pets", tmp_path / "pets")
    assert report.card["counts"] == dict.fromkeys(SPLITS, {"cat": 4, "dog": 3})
    shutil.rmtree(tmp_path / "pets" / "all" / "test")
    fill(tmp_path / "pets" / "all" / "Train", {"cat": 60}, first=100)
    counts = add_data("two", tmp_path / "pets").card["counts"]
    assert counts["test"] == {"cat": 4, "dog": 3}
    assert counts["train"]["cat"] + counts["validation"]["cat"] == 64 and counts["validation"]["cat"] > 0


def test_every_kind_of_picture_is_read_as_it_is_to_be_seen(shelf: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "kinds" / "train", {"b": 30}) / "a"
    folder.mkdir()
    for mode in ("L", "RGBA", "P", "CMYK", "1", "LA"):
        drawn(500, mode="RGB").convert(mode).save(folder / f"{mode}.{'jpg' if mode == 'CMYK' else 'png'}")
    deep = np.random.RandomState(1).randint(0, 65536, (28, 28)).astype(np.uint16)
    Image.fromarray(deep).save(folder / "deep.png")
    turned, exif = drawn(7, (40, 28)), Image.Exif()
    exif[0x0112] = 6
    turned.save(folder / "turned.png", exif=exif)
    test = fill(tmp_path / "kinds" / "test", {"b": 5}, first=100)
    shutil.copytree(folder, test / "a")
    report = add_data("kinds", tmp_path / "kinds")
    assert report.card["left_out"] == 0 and report.card["counts"]["test"] == {"a": 8, "b": 5}
    found = load("own:kinds", "test")
    assert isinstance(found, PictureSplit) and isinstance(found.source, tuple)
    names = [found.source[int(place)].read_bytes() for place in found.places]
    at = names.index((folder / "turned.png").read_bytes())
    assert np.array_equal(np.asarray(found._decoded(at)), np.asarray(turned.transpose(Image.Transpose.ROTATE_270)))
    at = names.index((folder / "deep.png").read_bytes())
    assert np.array_equal(np.asarray(found._decoded(at))[..., 0], (deep // 257).astype(np.uint8))
    at = names.index((folder / "RGBA.png").read_bytes())
    assert np.array_equal(np.asarray(found._decoded(at)), np.asarray(drawn(500)))


def test_what_cannot_be_read_is_counted_and_named(shelf: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "pets", {"cat": 30, "dog": 30})
    whole = (folder / "cat" / "3.png").read_bytes()
    (folder / "cat" / "half.png").write_bytes(whole[: len(whole) // 2])
    (folder / "cat" / "empty.jpg").touch()
    (folder / "dog" / "words.jpg").write_text("no picture")
    (folder / "loose.png").write_bytes(whole)
    (folder / "notes.txt").write_text("hello")
    Image.fromarray(np.zeros((9, 9), np.float32)).save(folder / "dog" / "float.tif")
    (folder / "dog" / "double.png").write_bytes(whole)
    report = add_data("pets", folder)
    told = dict(report.card["unreadable"])
    assert report.card["left_out"] == len(told) == 5
    assert told["cat/empty.jpg"] == "it is empty" and "no picture of a kind" in told["dog/words.jpg"]
    assert told["loose.png"] == "it lies in no class's folder" and "32 bits" in told["dog/float.tif"]
    assert "cat/half.png" in told
    assert sum(sum(counts.values()) for counts in report.card["counts"].values()) == 61
    assert (
        "1 pictures are there more than once, and 1 of them under another class than their double."
        in report.card["hints"]
    )
    assert "Files of other kinds (.txt) were left out: 1." in report.card["hints"]
    assert any(line.startswith("5 files were left out: ") for line in report.sentences())


@pytest.mark.parametrize(
    ("classes", "part"),
    [
        ({}, "holds no pictures"),
        ({"": 5}, "has pictures, but no class subfolders"),
        ({"cat": 1}, "bring more"),
        ({"test/cat": 3, "val/cat": 3}, "has val and test, but no train"),
        ({"train/cat": 3, "training/cat": 3, "test/cat": 3}, "has train and training for train"),
    ],
)
def test_folders_that_are_no_data_are_refused(shelf: Path, tmp_path: Path, classes: dict[str, int], part: str) -> None:
    (tmp_path / "pets").mkdir()
    with pytest.raises(BadValue, match=part) as refused:
        add_data("pets", fill(tmp_path / "pets", classes))
    assert str(refused.value).startswith("The folder pets ")
    assert not shelf.exists() or not list(shelf.iterdir())


@pytest.mark.parametrize("name", ["", "../pets", "a/b", "pets ", ".pets", "a" * 49, "pe\x00ts", "-"])
def test_names_are_plain(shelf: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadValue, match="is no name for data"):
        add_data(name, tmp_path)
    assert f"own:{name}" not in datasets


def test_a_taken_name_is_refused(shelf: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "pets", {"cat": 30})
    add_data("pets", folder)
    with pytest.raises(BadValue, match="There is data called own:pets already"):
        add_data("pets", folder)


def test_outputs_are_matched_by_the_names_of_classes(shelf: Path, tmp_path: Path) -> None:
    add_data("some", fill(tmp_path / "some", {"bag": 20, "ankle-boot": 20}))
    add_data("ten", fill(tmp_path / "ten", dict.fromkeys("abcdefghij", 4)))
    add_data("mixed", fill(tmp_path / "mixed", {"Bag": 20, "Hat": 20}))
    add_data("two", fill(tmp_path / "two", {"x": 20, "y": 20}))
    assert compatible("lenet_5", "own:some") is None
    labels = examples("lenet_5", "own:some", "train").labels
    assert set(labels.tolist()) == {CLOTHES.index("Bag"), CLOTHES.index("Ankle boot")}
    assert class_name("lenet_5", "own:some", CLOTHES.index("Bag")) == "bag"
    assert compatible("lenet_5", "own:ten") is None  # nobody says which is which: as torchvision counts
    assert sorted(set(examples("lenet_5", "own:ten", "train").labels.tolist())) == list(range(10))
    assert "knows some classes of mixed, but not Hat" in str(compatible("lenet_5", "own:mixed"))
    assert "has 10 outputs, and two has 2 classes" in str(compatible("lenet_5", "own:two"))


def test_pictures_are_made_ready_as_the_network_wants_them(shelf: Path, tmp_path: Path) -> None:
    from torchvision import models as published

    wnids = {"n01440764": 12, "n02102040": 12}
    add_data("fish", fill(tmp_path / "fish", wnids, size=(300, 260)))
    images, labels = examples("resnet18", "own:fish", "train").batch(0, 3)
    assert images.shape == (3, 3, 224, 224) and set(labels.tolist()) <= {0, 217}
    found = load("own:fish", "train")
    assert isinstance(found, PictureSplit)
    theirs = published.ResNet18_Weights.IMAGENET1K_V1.transforms()
    assert torch.allclose(images[0], theirs(found._decoded(0)), atol=1e-6)
    keys = {Base(model=model, data="own:fish").state_key() for model in ("resnet18", "resnet34", "lenet_5")}
    assert len(keys) == 3


def test_a_zip_is_read_as_the_folder_in_it(shelf: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "pets", {"cat": 30, "dog": 30})
    (folder / "dog" / "words.jpg").write_text("no picture")
    with zipfile.ZipFile(tmp_path / "pets.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(tmp_path))
        archive.writestr("__MACOSX/pets/cat/._1.png", b"rubbish")
    one, other = add_data("folder", folder), add_data("zip", tmp_path / "pets.zip")
    assert one.card["content"] == other.card["content"] and other.card["left_out"] == 1
