"""Data made to do harm: one sentence each, nothing written outside, nothing run, and memory within its bound."""

from __future__ import annotations

import io
import os
import pickle
import resource
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pruning.common.errors import BadValue, PruningError
from pruning.zoo.kinds import datasets
from pruning.zoo.own_data.adding import add_data
from tests.zoo.own_data.drawing import drawn, fill

MEGABYTES = 500
"""What reading any of these may add to the largest process that this test run has started so far."""


@pytest.fixture(autouse=True)
def bounded(tmp_path: Path, shelf: Path) -> Iterator[None]:
    """Neither this process nor those it starts grow beyond the bound, and only the shelf is written to."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    before = [resource.getrusage(one).ru_maxrss for one in who]
    yield
    grown = [resource.getrusage(one).ru_maxrss - start for one, start in zip(who, before, strict=True)]
    assert max(grown) < MEGABYTES * 1024, grown
    assert not (tmp_path / "harm").exists() and not (tmp_path.parent / "harm").exists()
    if shelf.exists():
        assert all(not one.name.startswith(".") for one in shelf.iterdir())  # nothing half done


def png(width: int, height: int) -> bytes:
    """A PNG whose header says so many pixels, and which holds a line or two."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    lines = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def pets(archive: zipfile.ZipFile) -> None:
    """Forty pictures as they should be."""
    for number in range(40):
        buffer = io.BytesIO()
        drawn(number).save(buffer, "PNG")
        archive.writestr(f"pets/{'cat' if number % 2 else 'dog'}/{number}.png", buffer.getvalue())


def left_out(name: str, path: Path) -> dict[str, str]:
    """What was left out of data that has forty good pictures, by name."""
    report = add_data(name, path)
    assert sum(sum(counts.values()) for counts in report.card["counts"].values()) == 40
    assert all(line.endswith(".") and "\n" not in line for line in report.sentences())
    return dict(report.card["unreadable"])


def test_a_zip_that_climbs_links_locks_and_nests(tmp_path: Path) -> None:
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        pets(archive)
        good = archive.read("pets/cat/1.png")
        for name in ("../../harm/cat/a.png", "/harm/cat/a.png", "C:\\harm\\a.png", "pets/cat/../../../../harm.png"):
            archive.writestr(name, good)
        link = zipfile.ZipInfo("pets/cat/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("pets/cat/inner.zip", path.read_bytes()[:100])
        archive.writestr("pets/cat/bomb.png", b"\0" * (65 * 2**20), zipfile.ZIP_DEFLATED)
    told = left_out("pets", path)
    outside = "it names a place outside of the data"
    assert [why for why in told.values()].count(outside) == 4
    assert told["pets/cat/link.png"] == "it is a link to another place"
    assert told["pets/cat/inner.zip"] == "an archive within the data is not opened: unpack it first"
    assert told["pets/cat/bomb.png"] == "it has more than 64 MB" and len(told) == 7


def test_names_that_hide_turn_round_or_end_the_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        pets(archive)
        archive.writestr("pets/cat/\u202egnp.exe\u2066\n.png", b"no picture")
    told = left_out("pets", tmp_path / "pets.zip")
    assert list(told) == ["pets/cat/gnp.exe.png"]
    folder = fill(tmp_path / "f", {"c\u202eat": 30, "d\u200bog": 30})
    add_data("folder", folder)
    assert datasets["own:folder"].classes == ("cat", "dog")
    with pytest.raises(PruningError, match="There is no file or folder"):
        add_data("zero", f"{folder}\x00")


def test_a_zip_whose_list_lies(tmp_path: Path) -> None:
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        pets(archive)
    whole = path.read_bytes()
    for at, content in (
        (-12, struct.pack("<HI", 0xFFF0, 0)[:2]),  # how many files there are
        (-10, struct.pack("<I", 0x7FFFFFFF)),  # how long the list is
        (-6, struct.pack("<I", 0x7FFFFFF0)),  # where it begins
    ):
        broken = bytearray(whole)
        broken[len(whole) + at : len(whole) + at + len(content)] = content
        path.write_bytes(broken)
        try:
            assert add_data(f"x{-at}", path).card["left_out"] == 0  # a count alone decides nothing
        except BadValue as error:
            assert str(error).startswith("The file pets.zip ") and str(error).endswith(".")
    path.write_bytes(whole[:-30])
    with pytest.raises(BadValue, match="is no zip, or only the beginning of one"):
        add_data("cut", path)


def test_a_million_empty_files(tmp_path: Path) -> None:
    """Of a zip, where a million of them is a file of 100 MB that a stranger sends."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0) + b"a/b/0.png"
    with open(tmp_path / "many.zip", "wb") as file:
        for _ in range(100):
            file.write(entry * 10_000)
        size = file.tell()
        file.write(struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**6, 10**6, size, 0))
        file.write(struct.pack("<4sIQI", b"PK\x06\x07", 0, size, 1))
        file.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    with pytest.raises(BadValue, match="The file many.zip holds more than 300,000 files"):
        add_data("many", tmp_path / "many.zip")


def test_many_empty_files_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is the same; a million real files would cost a minute, so it is lowered where names are read."""
    from pruning.zoo.raw import pictures

    monkeypatch.setattr(pictures, "ADDED_FILES", 100)
    (tmp_path / "many" / "cat").mkdir(parents=True)
    for number in range(101):
        (tmp_path / "many" / "cat" / f"{number}.png").touch()
    with pytest.raises(BadValue, match="The folder many holds more than 100 files"):
        pictures.listed(str(tmp_path / "many"), "The folder many", str(tmp_path / "to"))


@pytest.mark.parametrize("side", [60_000, 10_001])
def test_a_picture_of_too_many_pixels(tmp_path: Path, side: int) -> None:
    folder = fill(tmp_path / "pets", {"cat": 20, "dog": 20})
    (folder / "cat" / "huge.png").write_bytes(png(side, side))
    (folder / "cat" / "lies.png").write_bytes(png(9_000, 9_000))  # within the bound, and cut off after some lines
    told = left_out("pets", folder)
    assert told["cat/huge.png"] == "it has more than 100 million pixels" and "lies" in str(list(told))


def test_files_that_are_no_files(tmp_path: Path) -> None:
    folder = fill(tmp_path / "pets", {"cat": 20, "dog": 20})
    os.mkfifo(folder / "cat" / "pipe.png")
    (folder / "cat" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "cat" / "gone.png").symlink_to(folder / "nowhere.png")
    told = left_out("pets", folder)
    assert told == {"cat/pipe.png": "it is no regular file", "cat/gone.png": "it is no regular file"}


class Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_arrays_with_pickles_and_lies(tmp_path: Path) -> None:
    numbers = np.arange(30)
    np.savez(tmp_path / "a.npz", x=np.array([Harm(tmp_path / "harm")] * 30), y=numbers)
    with pytest.raises(BadValue, match="The array 'x' holds pickled Python objects, which can run code"):
        add_data("a", tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Harm(tmp_path / "harm")))
    with pytest.raises(BadValue, match="is no zip"):
        add_data("b", tmp_path / "b.npz")
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Harm(tmp_path / "harm")))
    with pytest.raises(BadValue, match="is no array that can be read"):
        add_data("b", tmp_path / "b.npy")
    for shape in (
        "(1000000000000, 4)",
        "(-3, 4)",
        "(40, 4)",
        "(99999999999999999999, 99999999999999999999)",
        "(1,) * 9",
    ):
        head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + b"\0" * 480
        with zipfile.ZipFile(tmp_path / "c.npz", "w") as archive:
            archive.writestr("x.npy", array)
        with pytest.raises(BadValue, match="'x' (says|is no array)"):
            add_data("c", tmp_path / "c.npz")


def test_a_line_of_a_gigabyte(tmp_path: Path) -> None:
    with open(tmp_path / "t.csv", "wb") as file:
        file.write(b"a,b,label\n1,2,0\n1,")
        file.truncate(2**30)
    with pytest.raises(
        BadValue, match="The file t.csv is no table that can be read: a line of it is longer than 1 MB."
    ):
        add_data("t", tmp_path / "t.csv")


def test_a_parquet_that_lies(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": np.zeros(1000), "label": np.arange(1000) % 2}), path)
    whole = path.read_bytes()
    draw = np.random.RandomState(0)
    for trial in range(6):
        broken = bytearray(whole)
        length = struct.unpack("<I", whole[-8:-4])[0]
        for at in len(whole) - 8 - draw.randint(1, length, 4):  # sizes and places in its footer
            broken[at] = draw.randint(256)
        if trial == 0:
            broken[-8:-4] = struct.pack("<I", 0x7FFFFFFF)
        path.write_bytes(broken)
        try:
            add_data(f"t{trial}", path)
        except PruningError as error:
            assert str(error).startswith("The file t.parquet ") and str(error).endswith("."), error
