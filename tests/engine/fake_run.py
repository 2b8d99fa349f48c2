"""A task function for tests of the engine: what it does is said in its measure's options.

It is imported by the workers; a test registers ``Fake`` in its own process only while it runs.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from pruning.common.errors import BadValue
from pruning.engine.cluster import TASK
from pruning.measures.kinds import Measure, measures


class Fake(Measure):
    """``do``: steps, gate, raise, memory, refuse, hang, die, die_once or batches; each execution writes one line to
    ``log``."""

    name: ClassVar[str] = "fake"
    label: ClassVar[str] = "Fake"
    do: str = "steps"
    steps: int = Field(3, description="Reports of progress.")
    seconds: float = Field(0.0, description="Between two of them.")
    gate: str = ""
    log: str = ""
    tag: str = ""

    def measure(self, state: Any, progress: Any) -> dict[str, Any]:
        raise NotImplementedError


def register() -> None:
    measures._entries["fake"] = Fake


def unregister() -> None:
    measures._entries.pop("fake", None)


def batches(count: int = 50, size: int = 4 * 2**20) -> float:
    """Pages that the system maps anew while as many activations are made and freed as a network makes, one after
    another, over the pages of one of them: about 0 where freed memory is used again, ``count`` where it is not."""
    bytearray(size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _batch in range(count):
        bytearray(size)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / (size / resource.getpagesize())


def run(study: Any, store: Any, progress: Any) -> list[dict[str, Any]]:
    fake = study.measures[0].build()
    log = Path(fake.log)
    with open(log, "a") as file:
        file.write(f"start {os.getpid()} {fake.tag}\n")
    runs = log.read_text().count(f" {fake.tag}\n")
    if fake.do == "raise":
        raise ZeroDivisionError("one divided by nothing")
    if fake.do == "memory":
        raise MemoryError
    if fake.do == "refuse":
        raise BadValue("The level must be 0 to 1000.")
    if fake.do == "hang":
        time.sleep(60)
    while fake.do == "gate" and not Path(fake.gate).exists():
        progress(0.0, fake.steps, "before the gate", {"tag": fake.tag})
        time.sleep(0.02)
    if fake.do == "die" or (fake.do == "die_once" and runs == 1):
        os._exit(1)
    for step in range(fake.steps):
        progress(step, fake.steps, f"step {step}", {f"k{step}": step})
        time.sleep(fake.seconds)
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    value = {"mapped": batches()} if fake.do == "batches" else {}
    value |= {"pid": os.getpid(), "seed": study.base.seed, "nice": nice, "omp": os.environ.get("OMP_WAIT_POLICY")}
    return [{"coordinates": {}, "measure": "fake", "value": value, "seconds": 0.0, "origin": "computed"}]


if multiprocessing.parent_process() is not None or TASK in os.environ:
    register()  # in a worker: it is not a test process, whose registry other tests read
