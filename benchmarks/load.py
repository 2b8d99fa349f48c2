"""A class at work: ``python benchmarks/load.py [--people 30] [--seconds 180]``.

Starts the app as ``streamlit run app.py`` does, on an empty store with two workers, and lets so many people use it:
each acts about once in five seconds (moves the slider, changes the page), and every third one starts computations, of
which several are the same. Reported are the seconds from a browser's message to the end of the script that answers it,
what became of every job (from the server's own log), and the memory of server and workers before and after. The clients
run in this process, on the same machine: its share of the processor is the server's loss, so the figures are on the
safe side. The server's processor time tells what the app itself takes, also on a machine that is busy otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from benchmarks._person import Person, Tally
from pruning.settings import ROOT, machine

EVERY = 5.0
"""Seconds between two acts of one person, on average."""
START_SECONDS = 240.0
PAGES = ("", "curves", "layers", "scorers", "runs", "status")
"""Where people go, by the page's address; the first is Prune."""
LINKS = tuple(f"v=1&model=lenet_300_100&scorer={scorer}&sparsity=90" for scorer in ("magnitude_l1", "snip", "lamp"))
COMPUTE = "Measure the "
"""The button that starts a sweep begins so."""


@dataclass
class Outcome:
    """What a run of the load came to."""

    tally: Tally
    jobs: dict[str, list[str]] = field(default_factory=dict)
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    presses: int = 0
    cpu: float = 0.0
    """Processor seconds of the server while people were there, for pages that refresh themselves, too."""

    def left(self) -> list[str]:
        """Jobs that never ended."""
        ends = ("done", "failed", "cancelled")
        return [job for job, events in self.jobs.items() if not events or events[-1] not in ends]

    def twice(self) -> list[str]:
        """Studies that were computed more than once."""
        return [job for job, events in self.jobs.items() if events.count("done") > 1]

    def ended(self) -> Counter[str]:
        """How jobs ended."""
        return Counter(events[-1] for events in self.jobs.values() if events)


class Server:
    """``streamlit run app.py`` on a store of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = folder / "log.jsonl"
        environment = os.environ | {
            "PRUNING_STORE": f"sqlite:///{folder / 'store.db'}", "PRUNING_ARTEFACTS": str(folder / "artefacts"),
            "PRUNING_LOG": str(self.log), "PRUNING_WORKERS": "2", "PRUNING_SCHEDULER": "",
            "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0",
        }  # fmt: skip
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port),
                   "--server.headless", "true", "--server.address", "127.0.0.1"]  # fmt: skip
        with open(folder / "server.log", "wb") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < end and self.process.poll() is None, "the server does not start"
            time.sleep(0.2)

    def _answers(self) -> bool:
        with suppress(OSError):
            address = f"http://127.0.0.1:{self.port}/_stcore/health"
            return urllib.request.urlopen(address, timeout=5).status == 200
        return False

    def events(self) -> dict[str, list[str]]:
        """Events of each job, in their order."""
        jobs: dict[str, list[str]] = {}
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            with suppress(ValueError):  # its last line may be half there
                event = json.loads(line)
                if "job" in event:
                    jobs.setdefault(event["job"], []).append(event["event"])
        return jobs

    def connected(self) -> bool:
        """Whether its workers are there."""
        return self.log.exists() and '"event": "connected"' in self.log.read_text()

    def memory(self) -> dict[str, float]:
        """Resident megabytes of the server, and of its workers together (what they share counts in each)."""
        server = psutil.Process(self.process.pid)
        sizes = {"server": server.memory_info().rss / 1e6, "workers": 0.0}
        for child in server.children(recursive=True):
            with suppress(psutil.Error):
                sizes["workers"] += child.memory_info().rss / 1e6
        return sizes

    def cpu(self) -> float:
        """Processor seconds that the server itself has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


async def live(number: int, server: Server, seconds: float, outcome: Outcome, seed: int) -> None:
    """One person, from coming to leaving."""
    chance = random.Random(f"{seed}/{number}")
    computes = number % 3 == 0
    link = LINKS[1 + number // 3 % 2] if computes else LINKS[0]
    await asyncio.sleep(chance.uniform(0, min(EVERY, seconds / 4)))
    end = time.monotonic() + seconds
    async with Person(server.port, link, chance, outcome.tally) as person:
        await person.open()
        while time.monotonic() < end:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * EVERY)
            if computes and await person.press(COMPUTE):
                outcome.presses += 1
            elif chance.random() < 0.7 and await person.move():
                pass
            else:
                await person.turn(chance.choice(PAGES))


async def warm(server: Server) -> None:
    """Every page once, so that what is imported when first needed is there; waits for the workers."""
    async with Person(server.port, LINKS[0], random.Random(0), Tally()) as person:
        await person.open()
        for page in PAGES:
            await person.turn(page)
        end = time.monotonic() + START_SECONDS
        while not server.connected():
            assert time.monotonic() < end, "the workers do not start"
            await asyncio.sleep(0.2)


async def load(server: Server, people: int, seconds: float, settle: float, seed: int = 0) -> Outcome:
    """Warm up, let people work, wait until every job has ended, and ``settle`` seconds for sessions to be forgotten."""
    outcome = Outcome(Tally())
    await warm(server)
    before, spent = server.memory(), server.cpu()
    await asyncio.gather(*(live(number, server, seconds, outcome, seed) for number in range(people)))
    outcome.cpu = server.cpu() - spent
    end = time.monotonic() + START_SECONDS
    while True:
        outcome.jobs = server.events()
        if not outcome.left() or time.monotonic() > end:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(settle)
    after = server.memory()
    outcome.memory = {name: (before[name], after[name]) for name in before}
    return outcome


def report(outcome: Outcome) -> dict[str, Any]:
    """Print what came of it; returns it."""
    rows: dict[str, Any] = {}
    every = [seconds for kind in outcome.tally.seconds.values() for seconds in kind]
    for kind, seconds in [*outcome.tally.seconds.items(), ("all", every)]:
        ordered = sorted(seconds)
        p95 = ordered[int(0.95 * (len(ordered) - 1))]
        rows[kind] = {"count": len(ordered), "p50": statistics.median(ordered), "p95": p95, "longest": ordered[-1]}
        print(f"{kind:12s} {len(ordered):5d}   p50 {1000 * rows[kind]['p50']:6.0f} ms   p95 {1000 * p95:6.0f} ms   "
              f"longest {1000 * ordered[-1]:6.0f} ms")  # fmt: skip
    print(f"computations started {outcome.presses}; jobs {len(outcome.jobs)}: {dict(outcome.ended())}; "
          f"not ended {len(outcome.left())}; computed twice {len(outcome.twice())}; "
          f"{outcome.tally.bytes / 1e6:.1f} MB to browsers")  # fmt: skip
    each = 1000 * outcome.cpu / max(1, len(every))
    print(f"server: {outcome.cpu:.1f} s of processor, {each:.0f} ms for each response")
    for name, (before, after) in outcome.memory.items():
        print(f"memory of {name}: {before:.0f} MB, then {after:.0f} MB ({after / before - 1:+.0%})")
    print(f"errors {len(outcome.tally.errors)}: {dict(Counter(outcome.tally.errors).most_common(5))}")
    return {"responses": rows, "jobs": dict(outcome.ended()), "memory": outcome.memory,
            "errors": len(outcome.tally.errors)}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Let a class use the app, and measure.")
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--settle", type=float, default=150, help="wait so long before the last look at memory: "
                        "Streamlit keeps a session for two minutes after its browser has left")  # fmt: skip
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    given = parser.parse_args()
    print(f"{machine()}, load {os.getloadavg()[0]:.1f} at the start; {given.people} people, {given.seconds:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            outcome = asyncio.run(load(server, given.people, given.seconds, given.settle))
        finally:
            server.close()
    content = report(outcome)
    if given.json:
        given.json.write_text(json.dumps(content | {"machine": machine(), "people": given.people}, indent=1))
    return 1 if outcome.tally.errors or outcome.left() or outcome.twice() else 0


if __name__ == "__main__":
    sys.exit(main())
