"""Work on what strangers give, in a process of its own with limits of memory and time.

>>> from pruning.common.apart import in_own_process
>>> in_own_process("calendar:monthrange", {"year": 2028, "month": 2})
[1, 29]

What goes in and comes out is JSON, never a pickle: a process that a file has taken over can only give back values,
which are looked at like any other stranger's. It gets no password of the environment, an empty folder to work in, and
may neither start programs nor speak to the network. That is a second line of defence: nothing that is read there should
come so far.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pruning.common import errors
from pruning.common.errors import BadValue, Refused, shortened
from pruning.common.json_text import read_json
from pruning.common.limits import APART_ANSWER_MB, APART_MB, APART_SECONDS

_CHILD = Path(__file__).with_name("apart_child.py")
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""Of the environment: what a Python needs to start, and no secret."""
_ALONE = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX")}
"""One thread and one heap: each more reserves memory that would count."""
LOOK_SECONDS = 0.02
STARTUP_SECONDS = 60.0
"""The clock runs from when the function and its libraries are there: a busy machine takes long to import torch."""


def in_own_process(
    function: str | Callable[..., Any],
    arguments: Mapping[str, Any],
    *,
    what: str = "This",
    megabytes: int = APART_MB,
    seconds: float = APART_SECONDS,
) -> Any:
    """What a function gives for these arguments, computed in a new process that ends with it.

    The function's module is imported there before the limits hold, with all that it imports at its top; so put what
    reads strangers' files into a module of its own that imports little, and at its top. Memory counts from there on.
    On systems without limits of their own (macOS, Windows) this process looks at the other's memory instead.

    Args:
        function: a public function of a module, or its name as ``module:function``.
        arguments: by name; values of JSON (paths as text).
        what: what is being read, as the beginning of a sentence: "The file cats.zip".
        megabytes: memory beyond what the function's imports take.
        seconds: time on the clock, beyond the imports.

    Returns:
        what the function returned, as JSON holds it (tuples are lists).

    Raises:
        Refused: it needed more memory or time, ended in an error that is none of ours, or ended the process.
        PruningError: as the function raised it.
    """
    name = function if isinstance(function, str) else f"{function.__module__}:{getattr(function, '__qualname__', '')}"
    job = {"function": name, "arguments": dict(arguments), "path": sys.path, "megabytes": megabytes, "seconds": seconds}
    with tempfile.TemporaryDirectory(prefix="pruning-apart-") as folder:
        (Path(folder) / "job.json").write_text(json.dumps(job), encoding="utf-8")
        code = _run(Path(folder), what, megabytes, seconds)
        return _answer(Path(folder) / "answer.json", what, megabytes, code)


def _run(folder: Path, what: str, megabytes: int, seconds: float) -> int:
    """Start the process and wait; its exit code. It has ended when this returns or raises."""
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", str(_CHILD), str(folder)],
        cwd=folder,
        env=kept | _ALONE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    begun, ready = time.monotonic(), folder / "ready"
    started, base = 0.0, 0
    try:
        while process.poll() is None:
            now = time.monotonic()
            if not started and ready.exists():
                started, base = now, _memory(process.pid)
            if started and now - started > seconds:
                raise Refused(f"{what} takes longer than {seconds:g} seconds to read: reading it was stopped.")
            if not started and now - begun > STARTUP_SECONDS:
                raise Refused(f"{what} could not be looked at: this machine is too busy. Try again in a minute.")
            if started and sys.platform != "linux" and _memory(process.pid) - base > megabytes * 2**20:
                raise Refused(_too_large(what, megabytes))
            time.sleep(LOOK_SECONDS)
        return process.returncode
    finally:
        process.kill()
        process.wait()


def _memory(pid: int) -> int:
    """Bytes in memory of a process; 0 when it has ended."""
    import psutil

    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return 0


def _too_large(what: str, megabytes: int) -> str:
    return f"{what} needs more than {megabytes:,} MB of memory to be read: it is too large, or made to look so."


def _answer(path: Path, what: str, megabytes: int, code: int) -> Any:
    """What the process wrote, or the error that it tells of."""
    ended = Refused(f"{what} ended the process that read it (exit code {code}): it is damaged, or made to do so.")
    if code or not path.is_file():
        raise ended
    if path.stat().st_size > APART_ANSWER_MB * 2**20:
        raise Refused(f"{what} says more of itself than {APART_ANSWER_MB} MB: that is not read.")
    try:
        answer = read_json(path.read_bytes())
    except BadValue:
        raise ended from None
    if "error" not in answer:
        return answer["value"]
    kind, said = str(answer["error"]), shortened(answer["said"], 2_000)
    if kind == "MemoryError":
        raise Refused(_too_large(what, megabytes))
    cls = getattr(errors, kind, None)
    if isinstance(cls, type) and issubclass(cls, errors.PruningError):
        raise (BadValue if cls is errors.UnknownName else cls)(said)
    raise Refused(f"{what} cannot be read ({shortened(said, 200)}): it is damaged, or of another kind.")
