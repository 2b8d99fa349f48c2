"""Extract the six novels of Jane Austen: ``python assets/novels.py [PACKAGE.deb]``.

They are in the public domain. Debian's package ``r-cran-janeaustenr`` holds them as a database of R; without a file
named, it is fetched with ``apt-get download``. Writes ``assets/data/novels/SPLIT.txt.xz``: training is five novels,
validation and test are the halves of the sixth, Persuasion, which no network trained here has read. A paragraph is a
line; chapter headings are kept, the empty lines and line breaks of the printed page are not.
"""

from __future__ import annotations

import argparse
import lzma
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "assets" / "data" / "novels"
DATABASE = "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
STRINGS, HELD_OUT, NOVELS = 16, "persuasion", 6


def strings(raw: bytes) -> list[str]:
    """The lines of one character vector in R's binary serialisation (XDR, version 3: R Internals, section 1.8)."""
    assert raw[:2] == b"X\n"
    (version,) = struct.unpack(">i", raw[2:6])
    at = 14 if version < 3 else 18 + struct.unpack(">i", raw[14:18])[0]
    kind, count = struct.unpack(">ii", raw[at : at + 8])
    at += 8
    assert kind & 255 == STRINGS
    lines = []
    for _ in range(count):
        (length,) = struct.unpack(">i", raw[at + 4 : at + 8])
        lines.append(raw[at + 8 : at + 8 + length].decode())
        at += 8 + length
    assert at == len(raw)
    return lines


def novels(database: bytes) -> dict[str, list[str]]:
    """Each novel's lines, by its title in small letters."""
    found = {}
    while database:
        inflated = zlib.decompressobj()
        lines = strings(inflated.decompress(database[4:]))
        database = inflated.unused_data
        found[lines[0].lower()] = lines
    assert len(found) == NOVELS, sorted(found)
    return found


def paragraphs(lines: list[str]) -> list[str]:
    """Paragraphs, each one line: what stood between empty lines, with single spaces."""
    text = "\n".join(line.strip() for line in lines)
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def write(split: str, parts: list[str]) -> None:
    path = FOLDER / f"{split}.txt.xz"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(parts) + "\n"
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{split}: {len(text):,} characters, {path.stat().st_size:,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", nargs="?", type=Path, help="default: fetched with apt-get download")
    given = parser.parse_args().package
    with tempfile.TemporaryDirectory() as folder:
        if given is None:
            subprocess.run(["apt-get", "download", "r-cran-janeaustenr"], cwd=folder, check=True)
            given = next(Path(folder).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(given), f"{folder}/unpacked"], check=True)
        books = novels((Path(folder) / "unpacked" / DATABASE).read_bytes())
    held_out = paragraphs(books.pop(HELD_OUT))
    write("train", [part for _, lines in sorted(books.items()) for part in paragraphs(lines)])
    write("validation", held_out[: len(held_out) // 2])
    write("test", held_out[len(held_out) // 2 :])


if __name__ == "__main__":
    main()
