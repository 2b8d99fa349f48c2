"""Downloads of data sets, from a web server on this machine, through torchvision's own unpacking."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from pruning.common.errors import BadValue, Cancelled, Missing, UnknownName
from pruning.zoo import fetch as fetching
from pruning.zoo.data import load
from pruning.zoo.datasets.imagenette import WNIDS
from pruning.zoo.fetch import download, fetch
from pruning.zoo.kinds import datasets
from pruning.zoo.vision import torchvision
from tests.zoo import disk


def archive(folder: Path) -> tuple[bytes, str]:
    """The folder as a .tar.gz, and its MD5."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(folder, folder.name)
    return buffer.getvalue(), hashlib.md5(buffer.getvalue()).hexdigest()


@pytest.fixture
def cifar_online(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Any) -> Any:
    source = torchvision().datasets.CIFAR10
    disk.cifar(tmp_path / "made", source, monkeypatch, "labels", datasets["cifar10"].classes)
    content, md5 = archive(tmp_path / "made" / source.base_folder)
    server.files["/cifar.tar.gz"] = content
    monkeypatch.setattr(source, "url", server.url("/cifar.tar.gz"))
    monkeypatch.setattr(source, "tgz_md5", md5)
    return server


def test_cifar_is_fetched_once(root: Path, cifar_online: Any, leftovers: Any) -> None:
    seen: list[tuple[float, float]] = []
    assert fetch("cifar10", lambda done, total, note="", partial=None: seen.append((done, total))) == root
    assert len(load("cifar10", "train")) == 90
    assert seen[-1] == (len(cifar_online.files["/cifar.tar.gz"]),) * 2
    assert {Path(name).parts[0] for name in leftovers(root)} == {"cifar-10-batches-py"}
    fetch("cifar10")
    assert len(cifar_online.requests) == 1


def test_a_damaged_folder_is_replaced(root: Path, cifar_online: Any) -> None:
    fetch("cifar10")
    path = root / "cifar-10-batches-py" / "test_batch"
    path.write_bytes(b"")
    with pytest.raises(Missing, match="damaged"):
        load("cifar10", "test")
    fetch("cifar10")
    assert len(load("cifar10", "test")) == 20


@pytest.mark.parametrize("fault", ["cut", "other content", "absent", "silent"])
def test_a_failed_download_leaves_nothing(fault: str, root: Path, cifar_online: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(fetching, "CONNECT_SECONDS", 1.0)
    cifar_online.cut, cifar_online.silent = fault == "cut", fault == "silent"
    if fault == "other content":
        cifar_online.files["/cifar.tar.gz"] += b"!"
    if fault == "absent":
        cifar_online.files.clear()
    part = {"cut": "broke off", "other content": "its md5 is not", "absent": "Not Found", "silent": "no answer"}[fault]
    started = time.monotonic()
    with pytest.raises(Missing, match=f"CIFAR-10 is not here, and fetching it failed: .*{part}"):
        fetch("cifar10")
    assert time.monotonic() - started < 5
    assert list(root.iterdir()) == []


def test_a_cancelled_download_leaves_nothing(root: Path, cifar_online: Any) -> None:
    def cancel(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        fetch("cifar10", cancel)
    assert list(root.iterdir()) == []


def test_imagenette_is_fetched(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Any) -> None:
    for part in ("train", "val"):
        disk.jpegs(tmp_path / "imagenette2-320" / part, dict.fromkeys(WNIDS, 2))
    content, md5 = archive(tmp_path / "imagenette2-320")
    server.files["/imagenette2-320.tgz"] = content
    archives = torchvision().datasets.Imagenette._ARCHIVES
    monkeypatch.setitem(archives, "320px", (server.url("/imagenette2-320.tgz"), md5))
    fetch("imagenette")
    assert [path.name for path in root.iterdir()] == ["imagenette2-320"]
    assert len(load("imagenette", "test")) == 20


def test_mnist_is_fetched_from_the_second_mirror(root: Path, monkeypatch: pytest.MonkeyPatch, server: Any) -> None:
    source, resources = torchvision().datasets.MNIST, []
    for name, content in disk.mnist_files().items():
        packed = gzip.compress(content)
        server.files[f"/{name}.gz"] = packed
        resources.append((f"{name}.gz", hashlib.md5(packed).hexdigest()))
    monkeypatch.setattr(source, "resources", resources)
    monkeypatch.setattr(source, "mirrors", ["http://127.0.0.1:9/", server.url("/")])
    fetch("mnist")
    assert [len(load("mnist", split)) for split in ("train", "validation", "test")] == [22, 2, 5]


def test_what_is_not_downloaded(root: Path) -> None:
    with pytest.raises(BadValue, match="is part of this program"):
        fetch("fashion_mnist")
    with pytest.raises(BadValue, match="is not downloaded"):
        fetch("image_folder")
    with pytest.raises(UnknownName, match="cifar10"):
        fetch("cifar11")


def test_a_folder_that_cannot_be_made(tmp_path: Path, server: Any) -> None:
    server.files["/x"] = b"content"
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Missing, match="could not be downloaded"):
        download(server.url("/x"), tmp_path / "file" / "x")
