"""Texts: those that come with the program, and files or folders of one's own."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pruning.common.environment import ASSETS, restore
from pruning.common.errors import Missing, UnknownName, reason
from pruning.common.hashing import digest
from pruning.common.sources import Source, asking
from pruning.zoo.contents import file_hash
from pruning.zoo.kinds import Dataset, data_sources

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split

SUFFIXES = (".txt", ".md", ".jsonl")
MOST = 64_000_000
"""Characters of a text of one's own that are read."""
KNOWN: dict[str, dict[str, Any]] = {
    "novels": {
        "label": "Novels",
        "summary": "Novels of Jane Austen: five to train on, the halves of Persuasion to choose and to test.",
        "reference": "Debian's package r-cran-janeaustenr, by assets/novels.py",
        "licence": "public domain",
    },
}


class BundledText(Dataset):
    """A text in three parts."""

    task = "causal_language"
    shape = ()
    place: ClassVar[Path]
    """Its file or folder."""

    def form(self) -> str:
        return digest("text", [file_hash(path) for path in self._files()])[:16]

    def load(self, split: str) -> Split:
        from pruning.zoo.texts import TextSplit

        return TextSplit(self.read(split))  # ty: ignore[invalid-explicit-return]

    def read(self, split: str) -> str:
        """One part of the text.

        Raises:
            Missing: it is not there, or cannot be read.
        """
        path = self.place / f"{split}.txt.xz"
        try:
            return lzma.decompress(path.read_bytes()).decode()
        except (OSError, lzma.LZMAError, ValueError) as error:
            raise Missing(f"The text {path} cannot be read ({reason(error)}); {restore(path)}.") from None

    def _files(self) -> list[Path]:
        return sorted(self.place.glob("*.txt.xz"))


class OwnText(BundledText):
    """A file, or all texts below a folder by path: 80 % to train on, 10 % to choose, 10 % to test."""

    def read(self, split: str) -> str:
        text = "\n".join(self._read())[:MOST]
        first, second = int(0.8 * len(text)), int(0.9 * len(text))
        return {"train": text[:first], "validation": text[first:second], "test": text[second:]}[split]

    def _read(self) -> Iterator[str]:
        for path in self._files():
            try:
                content = path.read_text("utf-8", errors="replace")
            except OSError as error:
                raise Missing(f"The text {path} cannot be read ({reason(error)}).") from None
            yield "\n".join(_lines(path, content)) if path.suffix == ".jsonl" else content

    def _files(self) -> list[Path]:
        if self.place.is_file():
            return [self.place]
        return sorted(path for path in self.place.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _lines(path: Path, content: str) -> Iterator[str]:
    """The field "text" of each line of JSON."""
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield str(json.loads(line)["text"])
        except (ValueError, LookupError, TypeError):
            raise Missing(f'Line {number} of {path} is no JSON object with a "text".') from None


@data_sources.register
class Texts(Source):
    name = "text"
    label = "Texts"
    summary = "A text: one that comes with the program, a file (.txt, .md, .jsonl), or a folder of such."
    example = "text:novels"

    def entry(self, rest: str) -> type[Any]:
        content = {"__module__": __name__, "__doc__": rest, "name": f"text:{rest}"}
        if rest in KNOWN:
            return type(
                rest, (BundledText,), {**content, **KNOWN[rest], "embedded": True, "place": ASSETS / "data" / rest}
            )
        if asking.get() is not None:
            raise UnknownName("text", rest, KNOWN)
        place = Path(rest).expanduser()
        if not (place.is_dir() or place.is_file()):
            raise Missing(f"There is no text '{rest}': known are {', '.join(KNOWN)}, and files or folders of text.")
        return type(rest, (OwnText,), {**content, "label": place.name, "place": place})

    def found(self, words: str) -> list[str]:
        return [f"text:{name}" for name in KNOWN if all(word in name for word in words.lower().split())]
