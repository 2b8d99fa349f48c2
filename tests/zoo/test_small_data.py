"""Fashion-MNIST as it is; CIFAR and MNIST through torchvision's own readers, on small files in the true formats."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from pruning.common.environment import ASSETS
from pruning.common.errors import BadValue, Missing
from pruning.zoo.data import TensorSplit, batches, load, read_idx, sample, train_validation_order
from pruning.zoo.kinds import datasets
from pruning.zoo.vision import torchvision
from tests.zoo import disk


def tensors(data: str, split: str) -> TensorSplit:
    loaded = load(data, split)
    assert isinstance(loaded, TensorSplit)
    return loaded


def numbers(split: TensorSplit) -> list[int]:
    """The numbers that ``disk.numbered`` wrote into the images."""
    return split.images.flatten(1)[:, 0].tolist()


def test_the_order_is_fixed_for_ever() -> None:
    order = train_validation_order(60_000)
    assert np.array_equal(np.sort(order), np.arange(60_000))
    digest = hashlib.sha256(order.astype("<i8").tobytes()).hexdigest()
    assert digest == "1cdca7e7e4e943ce2823e6964c43a4999447786e9d9a93dc956a9872ac0acfbb"


def test_fashion_mnist_is_split_by_that_order() -> None:
    parts = {name: tensors("fashion_mnist", name) for name in ("train", "validation", "test")}
    assert [len(part) for part in parts.values()] == [55_000, 5_000, 10_000]
    raw = torch.from_numpy(read_idx(ASSETS / "data/fashion_mnist/train-images-idx3-ubyte.gz").copy())
    order = torch.from_numpy(train_validation_order(60_000))
    assert torch.equal(parts["train"].images[:, 0], raw[order[:55_000]])
    assert torch.equal(parts["validation"].images[:, 0], raw[order[55_000:]])
    together = torch.bincount(torch.cat([parts["train"].labels, parts["validation"].labels]))
    assert together.tolist() == [6_000] * 10
    assert torch.bincount(parts["test"].labels).tolist() == [1_000] * 10
    x = parts["train"].batch(0, 5_000)[0]
    assert abs(float(x.mean())) < 0.02
    assert abs(float(x.std()) - 1) < 0.02


@pytest.mark.parametrize(("name", "key", "count"), [("cifar10", "labels", 5), ("cifar100", "fine_labels", 1)])
def test_cifar(name: str, key: str, count: int, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = getattr(torchvision().datasets, name.upper())
    disk.cifar(root, source, monkeypatch, key, datasets[name].classes)
    train, validation, test = (tensors(name, split) for split in ("train", "validation", "test"))
    assert [len(train), len(validation), len(test)] == [18 * count, 2 * count, 20]
    assert sorted(numbers(train) + numbers(validation)) == list(range(20 * count))
    assert numbers(test) == list(range(20 * count, 20 * count + 20))
    for split in (train, validation, test):
        assert split.labels.tolist() == [n % len(datasets[name].classes) for n in numbers(split)]
    theirs = source(root, train=False)
    for i in (0, 7, 19):
        assert np.array_equal(test.picture(i), np.asarray(theirs[i][0]))
        assert theirs.classes[test.labels[i]] == datasets[name]().class_name(int(test.labels[i]))
    x, y = test.batch(3, 5)
    assert x.shape == (2, 3, 32, 32)
    assert x.dtype == torch.float32
    assert y.tolist() == test.labels[3:5].tolist()
    pixel = theirs[4][0].getpixel((5, 9))
    expected = [(pixel[c] / 255 - test.mean[c]) / test.std[c] for c in range(3)]
    assert torch.allclose(x[1, :, 9, 5], torch.tensor(expected), atol=1e-6)


def test_a_changed_cifar_file_is_refused_before_it_is_unpickled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = torchvision().datasets.CIFAR10
    disk.cifar(root, source, monkeypatch, "labels", datasets["cifar10"].classes)
    load("cifar10", "train")
    path = root / source.base_folder / "data_batch_3"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(Missing, match=r"cifar-10-batches-py is incomplete or damaged .*python -m pruning data cifar10"):
        load("cifar10", "validation")


def test_the_published_checksums_are_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as only_here:
        disk.cifar(root, torchvision().datasets.CIFAR10, only_here, "labels", datasets["cifar10"].classes)
    with pytest.raises(Missing, match="incomplete or damaged"):
        load("cifar10", "test")


def test_mnist(root: Path) -> None:
    disk.mnist(root)
    train, validation, test = (tensors("mnist", split) for split in ("train", "validation", "test"))
    assert [len(train), len(validation), len(test)] == [22, 2, 5]
    assert sorted(numbers(train) + numbers(validation)) == list(range(24))
    assert numbers(test) == list(range(100, 105))
    assert train.labels.tolist() == [n % 10 for n in numbers(train)]
    assert train.batch(0, 4)[0].shape == (4, 1, 28, 28)
    assert test.picture(0).shape == (28, 28)


@pytest.mark.parametrize("keep", [0, 3, 500])
def test_a_truncated_mnist_file(keep: int, root: Path) -> None:
    disk.mnist(root)
    path = root / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(Missing, match="incomplete or damaged"):
        load("mnist", "train")


@pytest.mark.parametrize("name", ["mnist", "cifar10", "cifar100", "imagenette"])
def test_absent_data_says_how_to_get_it(name: str, root: Path) -> None:
    with pytest.raises(Missing) as caught:
        load(name, "test")
    assert f"python -m pruning data {name}" in str(caught.value)
    assert str(root) in str(caught.value)
    assert list(root.iterdir()) == []


def test_an_unknown_split() -> None:
    with pytest.raises(BadValue, match="train, validation, test"):
        load("fashion_mnist", "training")


def test_batches_and_samples(root: Path) -> None:
    disk.mnist(root)
    train = load("mnist", "train")
    assert [len(y) for _, y in batches(train, 10, 4)] == [4, 4, 2]
    assert [len(y) for _, y in batches(train, 1_000, 20)] == [20, 2]
    first, again, other = (sample(train, 8, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len(sample(train, 99, 0)[1]) == 22
