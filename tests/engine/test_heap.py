"""Workers use freed memory again while they compute, whatever Dask tells their C library, and give it back at rest."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pruning.common.environment import ROOT, Settings
from pruning.common.limits import REST_SECONDS
from pruning.engine import heap, tasks
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from tests.engine.conftest import Lab

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has rules of its own")

SCRIPT = """
import threading, psutil
from pruning.engine import heap
from tests.engine.fake_run import batches

def resident():
    return psutil.Process().memory_info().rss / 2**20

def measured(found):
    found.append(batches())

def main(found):
    measured(found)  # in the first thread, and then in another one, whose memory lies elsewhere
    thread = threading.Thread(target=measured, args=(found,))
    thread.start()
    thread.join()

as_dask_says, kept = [], []
main(as_dask_says)
heap.keep()
main(kept)
small = [bytes(50_000) for _ in range(2_000)]
small = small[-1:]
before = resident()
heap.give_back()
print(*as_dask_says, *kept, before - resident())
"""


def test_freed_memory_serves_the_next_batch_and_goes_back_at_rest() -> None:
    environment = os.environ | {"MALLOC_TRIM_THRESHOLD_": "65536", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    first, other, first_kept, other_kept, freed = map(float, done.stdout.split())
    if min(first, other) <= 40:
        pytest.skip("this system maps memory in huge pages, or does not count what it maps")
    assert first_kept < 2 and other_kept < 2
    assert freed > 40, "megabytes"


def test_a_worker_uses_freed_memory_again(lab: Lab) -> None:
    view = lab.engine.wait(lab.engine.submit(lab.study("batches"), owner="ada", durable=False), 100)
    assert view.rows is not None and view.rows[0]["value"]["mapped"] < 2


def asked_meanwhile(*_: object) -> dict[str, object]:
    """A task function: its worker is asked what it holds while it computes, for long."""
    heap.time.now += 2 * REST_SECONDS
    return tasks.census()


def test_a_worker_gives_back_once_after_its_tasks_and_never_within_one(monkeypatch: pytest.MonkeyPatch) -> None:
    given, clock = [], SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(heap, "time", clock)
    monkeypatch.setattr(heap, "give_back", lambda: given.append("memory"))
    monkeypatch.setattr(heap, "rest", lambda seconds: given.append("old values") or 1)
    monkeypatch.setattr(tasks, "_rest", heap.Rest())
    monkeypatch.setattr(tasks, "get_worker", lambda: SimpleNamespace(address="here", log_event=lambda *_: None))
    monkeypatch.setattr(tasks, "_store", lambda settings: None)
    study = Study(base=Base(), recipe=(), measures=(MeasureSpec(name="accuracy"),))
    settings = Settings("sqlite://", Path())
    for _task in range(2):
        done = tasks.work("key", "topic", f"{__name__}:asked_meanwhile", study.model_dump_json(), settings)
        assert done["state"] == "done"
    assert not given  # what the long task began with is there for the next one
    tasks.census()
    tasks.census()
    assert given == ["memory"]
    clock.now += REST_SECONDS
    tasks.census()
    assert given == ["memory", "old values", "memory"]


THREADS = """
import ctypes, threading
from pruning.engine import heap

def hold():
    held = bytearray(50_000)
    there.wait()

{first}
there = threading.Barrier(7)
threads = [threading.Thread(target=hold) for _ in range(6)]
for one in threads:
    one.start()
there.wait()
ctypes.CDLL("libc.so.6").malloc_stats()
"""


@pytest.mark.parametrize(("first", "most"), [("", 7), ("heap.share()", heap.ARENAS)])
def test_threads_of_a_server_share_few_heaps(first: str, most: int) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", THREADS.format(first=first)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    heaps = done.stderr.count("Arena ")
    assert 1 <= heaps <= most and (first or heaps > heap.ARENAS), "threads that nobody tells have one each"
