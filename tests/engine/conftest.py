"""One engine with two workers for all tests of this folder, and one on a cluster: starting workers takes time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import pytest

from pruning.common.environment import Settings
from pruning.engine.engine import Engine
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from tests.engine import fake_run
from tests.engine.cluster import Processes
from tests.helpers import postgres

TASK = "tests.engine.fake_run:run"
PATIENCE = 400.0
"""Seconds: bounds in these tests are generous, since the machine may be busy with other things."""

_numbers = itertools.count()


class Lab:
    """Makes studies whose task does what a test wants, and knows how often each was executed."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder, self.engine = folder, engine

    def study(self, do: str = "steps", **options: Any) -> Study:
        tag = f"t{next(_numbers)}"
        options = {"do": do, "tag": tag, "log": str(self.folder / "log"), "gate": str(self.folder / tag)} | options
        return Study(base=Base(), recipe=(), measures=(MeasureSpec(name="fake", options=options),))

    def open(self, *studies: Study) -> None:
        """Let tasks that wait at their gates go on."""
        for study in studies:
            Path(study.measures[0].options["gate"]).touch()

    def executions(self, study: Study) -> int:
        log = self.folder / "log"
        return log.read_text().count(f" {study.measures[0].options['tag']}\n") if log.exists() else 0

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> float:
        """Wait for a condition; returns the seconds it took."""
        begin = time.monotonic()
        while not condition():
            assert time.monotonic() - begin < seconds, "it did not happen in time"
            time.sleep(0.01)
        return time.monotonic() - begin

    def state(self, job_id: str) -> str:
        return self.engine.view(job_id).state

    def running(self, job_id: str) -> Any:
        """Wait until a job's task itself reports; returns its view."""
        self.until(lambda: self.engine.view(job_id).total > 0)
        return self.engine.view(job_id)

    def only_here(self, reason: str) -> None:
        """Leave a test out on the cluster."""
        if self.engine.settings.scheduler:
            pytest.skip(reason)

    def free(self) -> bool:
        """Whether no worker is busy."""
        return not self.engine._runner.attempts.running


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Scheduler and two workers as processes of their own."""
    cluster = Processes(tmp_path_factory.mktemp("cluster"))
    with dask.config.set(cluster.config):
        yield cluster
        cluster.close()


@pytest.fixture(scope="package")
def base() -> Iterator[str | None]:
    """A database of a real PostgreSQL, where there is one."""
    where = postgres.binaries()
    server = postgres.Server(where) if where else None
    yield server.base() if server else None
    if server:
        server.close()


@pytest.fixture(scope="package", params=["here", "cluster"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Workers of this machine with SQLite; then a cluster with PostgreSQL."""
    folder = tmp_path_factory.mktemp("engine")
    settings = Settings(f"sqlite:///{folder / 'store.db'}", folder / "artefacts", workers=2, memory=2**30)
    if request.param == "here":
        return settings
    store = request.getfixturevalue("base") or settings.store
    return replace(settings, store=store, scheduler=request.getfixturevalue("cluster").address)


@pytest.fixture(scope="package")
def engine(settings: Settings) -> Iterator[Engine]:
    fake_run.register()
    with Engine(settings, task=TASK) as engine:
        yield engine
    fake_run.unregister()


@pytest.fixture
def lab(engine: Engine, tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path, engine)
    yield lab
    for view in engine.views():
        engine.cancel(view.id, view.owner)
    lab.until(lab.free)
