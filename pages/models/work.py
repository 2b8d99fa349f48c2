"""Looking at networks and data in a process of its own: begun, watched, given up. The server never reads the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 600
"""After so long a process is given up."""
NETWORK, DATA = "pruning.zoo.added.command", "pruning.zoo.own_data.command"
"""What the process runs."""


@dataclass
class Looking:
    """One process, and what it said when it has ended.

    Attributes:
        wish: what was asked for, without the file's place.
        folder: where the file lies meanwhile; it goes with this.
    """

    wish: dict[str, Any]
    folder: tempfile.TemporaryDirectory[str]
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)
    answer: dict[str, Any] | None = None

    @classmethod
    def begin(cls, wish: Mapping[str, Any], content: bytes | None = None, module: str = NETWORK) -> Looking:
        """Start it.

        Args:
            wish: as the module takes it; ``called`` is the name of a file that was sent.
            content: of a file that was sent; None: the wish names a file of this machine, or none.
        """
        folder = tempfile.TemporaryDirectory(prefix="pruning-models-", ignore_cleanup_errors=True)
        told = dict(wish)
        if content is not None:
            # What data it is goes by the end of its name; the rest of the name is a stranger's, and is not used.
            path = Path(folder.name) / ("weights" if module == NETWORK else "data" + Path(told["called"]).suffix)
            path.write_bytes(content)
            told["weights" if module == NETWORK else "source"] = str(path)
        asked, said = (Path(folder.name) / name for name in ("wish.json", "said.json"))
        asked.write_text(json.dumps(told), encoding="utf-8")
        with open(asked, "rb") as given, open(said, "wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=given,
                stdout=out,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).resolve().parents[2],
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
        return cls(dict(wish), folder, process)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    def look(self) -> dict[str, Any] | None:
        """What it said, ``{"said": …}`` or ``{"error": …}``; None while it is at work."""
        if self.answer is None and self.process.poll() is None and self.seconds > SECONDS:
            self.stop()
            self.answer = {"error": f"Looking at it took more than {SECONDS // 60} minutes and was given up."}
        if self.answer is None and self.process.poll() is not None:
            try:
                self.answer = json.loads((Path(self.folder.name) / "said.json").read_bytes().splitlines()[-1])
            except (OSError, ValueError, IndexError):
                self.answer = {"error": "The process that looked at it ended without an answer: it may lack memory."}
            self.folder.cleanup()
        return self.answer

    def stop(self) -> None:
        """Give it up."""
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
