"""Keys of results hold what pictures and weights are, not only what they are called."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import pruning
from pruning.common.errors import Missing
from pruning.common.memory import Recent
from pruning.store.store import Store
from pruning.zoo import contents, places
from pruning.zoo.base import Base
from pruning.zoo.data import load
from pruning.zoo.datasets.imagenette import Imagenette
from pruning.zoo.datasets.mnist import MNIST
from pruning.zoo.kinds import Model, models
from pruning.zoo.models.torchvision_models import TorchvisionModel
from tests.zoo import disk


class Mine(Model):
    """A person's own network, whose weights lie under a name without a hash."""

    name = "mine_of_contents"
    label = "Mine"
    embedded = False

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    def address(self) -> str:
        return "http://nowhere.invalid/mine.pth"


@pytest.fixture
def mine() -> Iterator[str]:
    models.register(Mine)
    yield Mine.name
    del models._entries[Mine.name]


def weights(hub: Path, seed: int) -> Path:
    hub.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    torch.save(Mine().build().state_dict(), hub / "mine.pth")
    return hub / "mine.pth"


def test_weights_that_were_replaced_do_not_answer_with_old_results(mine: str, hub: Path, tmp_path: Path) -> None:
    spec = pruning.MeasureSpec(name="accuracy", options={"count": 300})
    study = pruning.Study(base=Base(model=mine), recipe=(), measures=(spec,))
    store = Store.open(f"sqlite:///{tmp_path / 'p.db'}", tmp_path / "artefacts")
    found = []
    for seed in (1, 2, 1):
        weights(hub, seed)
        found.append(pruning.run(study, store)[0])
    assert found[0]["value"]["correct"] != found[1]["value"]["correct"]
    assert found[0]["value"]["correct"] == found[2]["value"]["correct"]
    assert [row["origin"] for row in found] == ["computed", "computed", "stored"]
    alone = [row["value"]["correct"] for seed in (1, 2) if weights(hub, seed) for row in pruning.run(study)]
    assert alone == [row["value"]["correct"] for row in found[:2]], "memories of a process are asked, too"


def test_weights_of_the_same_size_and_time_are_told_apart(mine: str, hub: Path) -> None:
    keys = []
    for seed in (1, 2):
        os.utime(weights(hub, seed), ns=(5, 5))
        keys.append(Base(model=mine).state_key())
    assert keys[0] != keys[1]
    (hub / "mine.pth").unlink()
    assert Base(model=mine).state_key() not in keys
    assert Base(model=mine, mark="init").state_key() == Base(model=mine, mark="init").state_key(older=True)


def test_a_first_download_gives_results_the_name_of_their_weights(
    mine: str, hub: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/mine.pth"] = weights(hub, 1).read_bytes()
    monkeypatch.setattr(Mine, "address", lambda self: server.url("/mine.pth"))
    key = Base(model=mine).state_key()
    (hub / "mine.pth").unlink()
    spec = pruning.MeasureSpec(name="size")
    (row,) = pruning.run(pruning.Study(base=Base(model=mine), recipe=(), measures=(spec,)))
    assert row["state_key"] == key


def test_files_of_torchvision_are_named_by_their_content() -> None:
    from pruning.zoo.kinds import hash_in

    ours = [models[name]() for name in models if issubclass(models[name], TorchvisionModel)]
    assert all(len(hash_in(str(entry.address()).rpartition("/")[2])) >= 8 for entry in ours)
    assert hash_in("mine.pth") == hash_in("mine-2.pth") == hash_in("my-net.pth") == ""


def pictures(folder: Path, grey: int) -> None:
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(5):
            Image.fromarray(np.full((8, 8, 3), grey + number, np.uint8)).save(folder / name / f"{number}.bmp")


@pytest.mark.parametrize("times", [None, (5, 5)])
def test_pictures_of_the_same_size_are_told_apart(
    times: tuple[int, int] | None, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    monkeypatch.setenv("PRUNING_IMAGE_FOLDER", str(own))
    keys, older = [], []
    for grey in (0, 100, 0):
        pictures(own, grey)
        for path in own.rglob("*.bmp") if times else ():
            os.utime(path, ns=times)
        base = Base(model="resnet18", data="image_folder", mark="init")
        keys.append(base.state_key())
        older.append(base.state_key(older=True))
        assert load("image_folder", "train").picture(0).max() < 100 + grey
    assert keys[0] == keys[2] != keys[1]
    assert len(set(older)) == 1, "older results are found under the name they had"


def test_two_class_folders_that_are_swapped(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    monkeypatch.setenv("PRUNING_IMAGE_FOLDER", str(own))
    disk.jpegs(own, {"cat": 5, "dog": 5})
    before = Base(model="resnet18", data="image_folder").state_key()
    (own / "cat").rename(own / "x")
    (own / "dog").rename(own / "cat")
    (own / "x").rename(own / "dog")
    assert Base(model="resnet18", data="image_folder").state_key() != before


def test_downloaded_data_sets_that_nothing_else_checks(root: Path) -> None:
    with pytest.raises(Missing):
        MNIST().form()
    disk.mnist(root)
    before, images = MNIST().form(), load("mnist", "test").picture(0)
    file = root / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    content = bytearray(file.read_bytes())
    content[20] ^= 255
    file.write_bytes(content)
    assert MNIST().form() != before and not np.array_equal(load("mnist", "test").picture(0), images)
    folder = root / "imagenette2-160"
    for part in ("train", "val"):
        pictures(folder / part, 0)
    before = Imagenette().form()
    pictures(folder / "val", 50)
    assert Imagenette().form() != before
    assert (Imagenette().older_form(), MNIST().older_form()) == ("imagenette2-160", "")


def test_each_picture_is_read_once(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, reads = tmp_path / "own", []
    pictures(folder, 0)
    real = contents.hashlib.file_digest
    monkeypatch.setattr(contents.hashlib, "file_digest", lambda file, kind: reads.append(file.name) or real(file, kind))
    monkeypatch.setattr(contents, "MANY", 10)
    monkeypatch.setattr(contents, "FRESH_SECONDS", 0.0)
    first = places.content_hash(folder)
    assert places.content_hash(folder) == first and len(reads) == 10
    monkeypatch.setattr(contents, "_folders", Recent(4))  # another process
    assert places.content_hash(folder) == first and len(reads) == 10
    (kept,) = (root / ".hashes").iterdir()
    kept.write_text("{")
    monkeypatch.setattr(contents, "_folders", Recent(4))
    assert places.content_hash(folder) == first and len(reads) == 20


def test_a_folder_that_takes_long_is_not_looked_through_for_every_key(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(tmp_path / "own", 0)
    monkeypatch.setattr(contents, "QUICK_SECONDS", -1.0)
    monkeypatch.setattr(contents, "SHARE", 1e6)
    monkeypatch.setattr(contents, "LONGEST_SECONDS", 0.3)
    first = places.content_hash(tmp_path / "own")
    pictures(tmp_path / "own", 9)
    assert places.content_hash(tmp_path / "own") == first
    time.sleep(0.4)
    assert places.content_hash(tmp_path / "own") != first


def test_torchs_folder_is_found_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    for environment in ({"TORCH_HOME": "/a"}, {"XDG_CACHE_HOME": "/b"}, {}):
        for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        theirs = torch.hub.get_dir()
        with pytest.MonkeyPatch.context() as patch:
            patch.delitem(places.sys.modules, "torch.hub")
            assert str(places.hub_folder()) == theirs
