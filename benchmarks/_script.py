"""What every benchmark does when it is started by itself, and what is written down about where and when.

A benchmark is a script with ``rows(quick)``, which yields figures. ``python benchmarks/NAME.py`` prints them;
``--quick`` takes few repetitions, to see that it works; ``--json FILE`` writes them as one part of a report.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks._table import Figure

ROOT = Path(__file__).resolve().parents[1]


def hardware() -> str:
    """The machine in words, without its name: processor, cores, memory, and GPU where there is one."""
    from pruning.common.environment import machine, memory

    words = f"{machine().partition(': ')[2]}, {memory() / 2**30:.0f} GB of memory"
    import torch

    return words + (f", {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else "")


def slug(words: str) -> str:
    """Words as a file name."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def commit() -> str:
    """The commit that is measured, with "+" where files differ from it; "" without git."""
    done = subprocess.run(
        ["git", "describe", "--always", "--abbrev=10", "--dirty=+", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def part(script: str, figures: Iterable[Figure], **more: Any) -> dict[str, Any]:
    """What one script measured, here and now."""
    return {
        "script": script,
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": hardware(),
        **more,
        "figures": [figure.as_json() for figure in figures],
    }


def write(path: Path, content: str) -> None:
    """Write a file whole, or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    half.write_text(content)
    half.replace(path)


def script(rows: Callable[[bool], Iterable[Figure]], words: str) -> None:
    """What a benchmark does when it is started by itself.

    Args:
        rows: yields its figures; gets whether few repetitions are enough.
        words: its docstring.
    """
    parser = argparse.ArgumentParser(description=words.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few repetitions: to see that it works, not to compare")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    given = parser.parse_args()
    import torch

    load = os.getloadavg()[0]
    print(f"{hardware()}, Python {platform.python_version()}, torch {torch.__version__}, load {load:.1f} at the start")
    began, figures = time.monotonic(), []
    for figure in rows(given.quick):
        figures.append(figure)
        name, value, against, ratio, wanted, met = figure.cells()
        said = f"{ratio} wanted {wanted}: {met}" if met else ratio
        print(f"  {name:58s} {value:>14s}  {against}  {said}".rstrip(), flush=True)
    if given.json:
        name = Path(sys.argv[0]).stem
        seconds = round(time.monotonic() - began, 1)
        write(given.json, json.dumps(part(name, figures, load=load, seconds=seconds, quick=given.quick), indent=1))
