"""From the command to the first chart, what the server has loaded by then, and the memory of every process.

``python benchmarks/start.py``: the app is started several times on one store, as ``make run`` does it; the first start
(which fills the file cache and makes the store) counts for nothing. The browser is open already. Memory is the
proportional share (PSS): what several processes share is divided among them, so the numbers may be added.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from benchmarks._app import Server, chromium
from benchmarks._rounds import medians
from benchmarks._script import ROOT, script
from benchmarks._table import Figure

if TYPE_CHECKING:
    from playwright.sync_api import Page

ITEM = "Start"
STARTS, MOST = 5, 8.0
"""Starts, and seconds from the command to the first chart."""
UNNEEDED = ("torch", "torchvision", "torch_pruning", "scipy", "onnx", "onnxruntime", "onnxscript", "sympy", "kaleido")
"""Heavy libraries without which the first page can be shown: workers compute, and exports come later."""
PATIENCE = 240_000


def loaded(pid: int) -> set[str]:
    """Names of installed packages of which a process has mapped a compiled file."""
    paths = [Path(entry.path).parts for entry in psutil.Process(pid).memory_maps()]
    return {parts[parts.index("site-packages") + 1] for parts in paths if "site-packages" in parts}


def shares(server: Server) -> dict[str, float]:
    """Megabytes of each process (PSS where the system tells it)."""

    def megabytes(process: psutil.Process) -> float:
        found = process.memory_full_info()
        return getattr(found, "pss", found.uss) / 1e6

    app = psutil.Process(server.process.pid)
    children = app.children(recursive=True)
    workers = [one for one in children if "forkserver" in " ".join(one.cmdline()) and not one.children()]
    named = {f"worker {place}": megabytes(one) for place, one in enumerate(workers, 1)}
    others = sum(megabytes(one) for one in children if one not in workers)
    return {"server": megabytes(app), **named, "scheduler and helpers": others}


def shown(server: Server, page: Page) -> None:
    """Wait until the page has its first chart."""
    server.wait(server.answers, pause=0.02)
    page.goto(server.url + "prune")
    page.wait_for_selector(".js-plotly-plot .main-svg")


def starts(count: int) -> tuple[list[float], set[str], dict[str, float]]:
    """Seconds of each start but the first; of the last what the server has loaded, and the memory of all processes
    once the workers are there."""
    spent, found, memory = [], set(), {}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for number in range(count + 1):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(PATIENCE)
            (Path(folder) / "log.jsonl").unlink(missing_ok=True)
            began = time.perf_counter()
            server = Server(Path(folder), wait=False)
            try:
                shown(server, page)
                if number:
                    spent.append(time.perf_counter() - began)
                if number == count:
                    found = loaded(server.process.pid)
                    server.wait(server.connected)
                    page.wait_for_timeout(5_000)
                    memory = shares(server)
            finally:
                page.close()
                server.close()
    return spent, found, memory


def importing(words: str) -> None:
    """A Python that imports this, and ends."""
    subprocess.run([sys.executable, "-c", f"import {words}"], cwd=ROOT, check=True)


def rows(quick: bool = False) -> Iterator[Figure]:
    """Seconds, libraries, megabytes."""
    spent, found, memory = starts(1 if quick else STARTS)
    how = f"warm file cache, median of {len(spent)} starts, longest {max(spent):.1f} s"
    yield Figure(
        ITEM, "Command to first chart", statistics.median(spent), "s", how, bound="at most", wanted=MOST, short=True
    )
    heavy, there = sorted(found & set(UNNEEDED)), [name for name in UNNEEDED if importlib.util.find_spec(name)]
    how = f"compiled files that the server has mapped by then; of {', '.join(there)}: {', '.join(heavy) or 'none'}"
    yield Figure(
        ITEM,
        "Heavy libraries loaded by the server that the first page does not need",
        len(heavy),
        "libraries",
        how,
        bound="at most",
        wanted=0,
        short=True,
    )
    works = {words: (lambda words=words: importing(words)) for words in ("pruning", "streamlit")}
    taken = medians(works, 1 if quick else 5)
    how = "a Python started to import it and end, median of 5 alternating rounds"
    yield Figure.share(ITEM, "import pruning", taken["pruning"], "s", how, "import streamlit", taken["streamlit"])
    for name, value in memory.items():
        how = "PSS, after the first chart and with both workers there, before anything was computed"
        yield Figure(ITEM, f"Memory of the {name}", value, "MB", how, short=name == "server")


if __name__ == "__main__":
    script(rows, __doc__)
