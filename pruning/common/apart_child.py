"""The process of ``apart``: imports the function's module, limits itself, calls it, and writes what came out."""

from __future__ import annotations

import importlib
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

BARRED = ("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "pty.spawn", "subprocess.Popen", "socket.")
"""Beginnings of what Python tells audit hooks of programs and networks (PEP 578)."""
GRACE_SECONDS = 5


def main(folder: Path) -> None:
    """Read the job of this folder and leave an answer there."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    sys.path[:] = job["path"]
    module, _, name = job["function"].partition(":")
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    _limit(job["megabytes"], job["seconds"])
    sys.addaudithook(_bar)
    (folder / "ready").touch()
    try:
        answer = json.dumps({"value": function(**job["arguments"])})
    except MemoryError:
        answer = '{"error": "MemoryError", "said": ""}'
    except Exception as error:
        answer = json.dumps(_told(error))
    (folder / "answer.json").write_text(answer, encoding="utf-8")


def _told(error: Exception) -> dict[str, str]:
    said = " ".join(str(error).split())
    kind = type(error).__name__
    if "allocate memory" in said or "out of memory" in said.lower():  # as torch and Pillow say it
        kind = "MemoryError"
    return {"error": kind, "said": said[:2000] or kind}


def _limit(megabytes: int, seconds: float) -> None:
    """No more memory than this beyond what is mapped now, and an end by itself where the parent is gone."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        most = mapped + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if hasattr(signal, "alarm"):
        signal.alarm(int(seconds) + GRACE_SECONDS)


def _bar(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(BARRED):
        raise PermissionError(f"it tried {event}, which nothing that is read may do")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
