"""What a library says of one of its networks, remembered on disk: reading it needs torch, which a web server has not.

``python -m pruning.zoo.facts SOURCE NAME`` prints it as JSON; a process without torch asks such a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from abc import abstractmethod
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from pruning.common.errors import Missing, PruningError, UnknownName, unknown
from pruning.common.json_text import read_object
from pruning.common.memory import Recent
from pruning.common.sources import Source
from pruning.zoo.kinds import sources
from pruning.zoo.places import own_folder

SECONDS = 120
FORM = 1
"""Rises when facts say something else of the same network."""
NAMES = "names"
_facts: Recent[dict[str, Any]] = Recent(512, "facts of libraries' networks")


class Library(Source):
    """A source whose networks an installed package knows by name."""

    package: ClassVar[str]
    """Its name on PyPI."""

    @abstractmethod
    def look(self, rest: str) -> dict[str, Any]:
        """What the package says of a network, as JSON: class variables of a ``Sourced`` model.

        Raises:
            UnknownName: it has none of that name.
            Missing: it cannot be looked up here.
        """

    def names(self) -> list[str]:
        """The package's names for all its networks; none where nobody can list them."""
        return []

    def facts(self, rest: str) -> dict[str, Any]:
        """As ``look``, from memory or from the disk where it was looked up before."""
        return self._facts(rest, lambda: self.look(rest))

    def found(self, words: str) -> list[str]:
        every = self._facts("", lambda: {NAMES: self.names()})[NAMES]
        asked = words.lower().removeprefix(f"{self.name}:").split()
        return [f"{self.name}:{name}" for name in every if all(word in name.lower() for word in asked)]

    def _facts(self, rest: str, look: Any) -> dict[str, Any]:
        try:
            version = metadata.version(self.package)
        except metadata.PackageNotFoundError:
            raise Missing(f"{self.label} is not installed: pip install {self.package}.") from None
        folder = own_folder() / "facts" / f"{self.name}-{version}-{FORM}"
        place = folder / f"{quote(rest, safe='')[:200]}.json"
        if (found := _facts.get(str(place))) is not None:
            return found
        with suppress(OSError, PruningError):
            return _facts.put(str(place), read_object(place.read_bytes()))
        found = look() if "torch" in sys.modules else self._asked(rest)
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            half = folder / f".{os.getpid()}.{place.name}"
            half.write_text(json.dumps(found), encoding="utf-8")
            os.replace(half, place)
        return _facts.put(str(place), found)

    def _asked(self, rest: str) -> dict[str, Any]:
        """What another process says, which has torch."""
        root = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        command = [sys.executable, "-m", "pruning.zoo.facts", self.name, rest]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=SECONDS, env=os.environ | {"PYTHONPATH": paths}, check=False
            )
            said = json.loads(done.stdout.decode().splitlines()[-1])
        except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
            raise Missing(f"{self.name}:{rest} cannot be looked up: the process for that gave no answer.") from None
        if "unknown" in said:
            raise unknown(said["unknown"])
        if "missing" in said:
            raise Missing(said["missing"])
        return said


def main(source: str, rest: str) -> None:
    """Print what a library says of a network (without a name: of which there are), or why it says nothing."""
    try:
        library: Any = sources[source]()
        said = library.look(rest) if rest else {NAMES: library.names()}
    except UnknownName as error:
        said = {"unknown": str(error)}
    except PruningError as error:
        said = {"missing": str(error)}
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:3])
