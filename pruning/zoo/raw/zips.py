"""Zips of strangers: names within bounds, content within bounds; nothing is ever unpacked under a name of theirs."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from pruning.common.errors import BadValue, reason
from pruning.common.limits import ADDED_FILES, PICTURE_MB

ENTRY = 46
"""Bytes of the shortest entry of a zip's directory."""
DIRECTORY_MB = 128
"""Largest directory of a zip that is read, in megabytes."""


def names(source: str, where: str) -> list[str]:
    """Names of all files in a zip.

    Raises:
        BadValue: no zip, a damaged one, or one of too many files.
    """
    count, size = _announced(Path(source), where)
    if count > ADDED_FILES or size > min(DIRECTORY_MB * 2**20, ADDED_FILES * 4 * ENTRY):
        raise BadValue(f"{where} holds more than {ADDED_FILES:,} files, which are the most that are looked through.")
    try:
        with zipfile.ZipFile(source) as archive:
            return [info.filename for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise BadValue(f"{where} is no zip that can be read ({reason(error)}): pack it again.") from None


@contextmanager
def opened(source: str, most: int = PICTURE_MB) -> Generator[Callable[[str], bytes]]:
    """A function that reads one file of a zip by its name, of at most so many megabytes."""
    with zipfile.ZipFile(source) as archive:

        def read(name: str) -> bytes:
            info = archive.getinfo(name)
            if stat.S_ISLNK(info.external_attr >> 16):
                raise BadValue("it is a link to another place")
            if info.flag_bits & 1:
                raise BadValue("it is locked by a password")
            if info.file_size > most * 2**20:
                raise BadValue(f"it has more than {most} MB")
            try:
                with archive.open(info) as file:
                    return file.read(most * 2**20 + 1)
            except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, OSError) as error:
                raise BadValue(f"it is damaged within the zip ({reason(error)})") from None

        yield read


def _announced(path: Path, where: str) -> tuple[int, int]:
    """How many files a zip says it holds, and how many bytes its list of them takes; read from its end alone.

    Raises:
        BadValue: it has no such end.
    """
    with open(path, "rb") as file:
        length = file.seek(0, 2)
        start = file.seek(max(0, length - 65_557))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < 22:
            raise BadValue(f"{where} is no zip, or only the beginning of one: pack it again.")
        count, size = struct.unpack_from("<HI", tail, at + 10)
        if (count == 0xFFFF or size == 0xFFFFFFFF) and at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":
            (place,) = struct.unpack_from("<Q", tail, at - 12)
            if not 0 <= place <= start + at - 56:
                raise BadValue(f"{where} is no zip that can be read (its end points elsewhere): pack it again.")
            file.seek(place)
            count, size = struct.unpack("<32xQQ8x", file.read(56))
    return count, size
