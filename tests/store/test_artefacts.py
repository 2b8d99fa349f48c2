from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from pruning.common.errors import BadValue, StoreError
from pruning.store.artefacts import ABANDONED_SECONDS, Artefacts


@pytest.fixture
def artefacts(tmp_path: Path) -> Artefacts:
    return Artefacts(tmp_path)


def files(artefacts: Artefacts) -> list[str]:
    return sorted(path.name for path in artefacts.folder.rglob("*") if path.is_file())


def test_a_file_is_written_replaced_and_found(artefacts: Artefacts) -> None:
    assert artefacts.path("masks", "abc", ".safetensors") is None
    place = artefacts.write("masks", "abc", b"one", ".safetensors")
    assert artefacts.write("masks", "abc", b"two", ".safetensors") == place
    found = artefacts.path("masks", "abc", ".safetensors")
    assert found == place and place.read_bytes() == b"two"
    assert files(artefacts) == ["abc.safetensors"]


@pytest.mark.parametrize(
    "name",
    [
        ("../up", "abc", ".pt"),
        ("masks", "../abc", ".pt"),
        ("masks", "a/b", ".pt"),
        ("masks", "", ".pt"),
        ("masks", "abc", "/../x"),
        ("masks", "abc", ""),
        ("Masks", "abc", ".pt"),
        ("masks", "abc\n", ".pt"),
    ],
)
def test_names_that_are_not_plain_are_refused(artefacts: Artefacts, name: tuple[str, str, str]) -> None:
    kind, key, suffix = name
    with pytest.raises(BadValue, match="plain letters"):
        artefacts.write(kind, key, b"", suffix)
    with pytest.raises(BadValue):
        artefacts.path(kind, key, suffix)
    assert files(artefacts) == []


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    artefacts: Artefacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = artefacts.write("masks", "abc", b"old", ".pt")

    def interrupted(*_args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        artefacts.write("masks", "abc", b"new", ".pt")
    assert place.read_bytes() == b"old"
    assert files(artefacts) == ["abc.pt"]


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(
    artefacts: Artefacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = artefacts.write("masks", "abc", b"old", ".pt")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"^The disk is full: 'abc\.pt' was not written\."):
        artefacts.write("masks", "abc", b"new", ".pt")
    assert place.read_bytes() == b"old"
    assert files(artefacts) == ["abc.pt"]


def test_files_of_dead_processes_are_swept_when_they_are_old(artefacts: Artefacts) -> None:
    place = artefacts.write("masks", "abc", b"x", ".pt")
    old, new = place.with_name(".abc.pt.1.2.3.tmp"), place.with_name(".abc.pt.1.2.4.tmp")
    old.touch(), new.touch()
    long_ago = time.time() - ABANDONED_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    assert artefacts.sweep() == 1
    assert files(artefacts) == [".abc.pt.1.2.4.tmp", "abc.pt"]
