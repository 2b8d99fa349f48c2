"""Workers that are killed, hang or die; servers that end in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

import dask
import psutil
import pytest

from pruning.common.environment import ROOT, Settings
from pruning.engine.engine import Engine
from tests.engine.conftest import PATIENCE, TASK, Lab


def address(engine: Engine) -> str:
    """The scheduler of the engine of these tests: the cluster's, or the one that it has started."""
    if engine.settings.scheduler:
        return engine.settings.scheduler
    link = engine._runner.attempts.link
    assert link is not None and link.cluster is not None
    return link.cluster.address


def shared(settings: Settings) -> None:
    """Go on only where several servers use the same workers."""
    if not settings.scheduler:
        pytest.skip("no other server reaches this machine's own workers: their keys are known to their server alone")


def other_server(settings: Settings, engine: Engine, script: str) -> subprocess.CompletedProcess[str]:
    """Run a second server in a process of its own, on the same store and the same workers."""
    head = f"""
        import os, sys, time
        from pathlib import Path
        from pruning.engine import Engine
        from pruning.common.environment import Settings
        from pruning.study.study import load_study
        from tests.engine import fake_run
        fake_run.register()
        settings = Settings(store={settings.store!r}, artefacts=Path({str(settings.artefacts)!r}),
                            scheduler={address(engine)!r})
        engine = Engine(settings, task={TASK!r})
    """
    code = textwrap.dedent(head) + textwrap.dedent(script)
    shared(settings)
    found = certificates()
    names = {name.upper().replace("-", "_").replace(".", "__"): path for name, path in found.items()}
    environment = os.environ | {f"DASK_{name}": path for name, path in names.items()}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)


@contextmanager
def second_server(lab: Lab, settings: Settings) -> Generator[Engine]:
    """A second server in this process, on the workers of the first."""
    shared(settings)
    with Engine(replace(settings, scheduler=address(lab.engine)), task=TASK) as second:
        yield second


def certificates() -> dict[str, str]:
    """Where those of the cluster are, as Dask's configuration has it."""
    names = ("ca-file", "client.cert", "client.key")
    found = {f"distributed.comm.tls.{name}": dask.config.get(f"distributed.comm.tls.{name}", None) for name in names}
    return {name: path for name, path in found.items() if path}


def test_work_of_a_killed_worker_is_repeated(lab: Lab) -> None:
    study = lab.study("gate")
    job = lab.engine.submit(study, owner="ada", durable=True)
    lab.running(job)
    pid = int((lab.folder / "log").read_text().split()[1])
    os.kill(pid, signal.SIGKILL)
    lab.until(lambda: lab.executions(study) == 2)
    lab.open(study)
    view = lab.engine.wait(job, PATIENCE)
    assert view.state == "done", view.error
    assert view.rows is not None and view.rows[0]["value"]["pid"] != pid


def test_a_task_that_does_not_listen_loses_its_process(lab: Lab) -> None:
    study = lab.study("hang")
    job = lab.engine.submit(study, owner="ada", durable=False)
    lab.until(lambda: lab.executions(study) == 1)
    lab.engine.cancel(job, "ada")
    assert lab.state(job) == "cancelled"
    lab.until(lab.free, 10)
    assert lab.executions(study) == 1


def test_three_deaths_are_a_failure_in_one_sentence(lab: Lab) -> None:
    lab.only_here("the engine counts in the same way, and each death of a cluster's worker costs a new import of torch")
    study = lab.study("die")
    view = lab.engine.wait(lab.engine.submit(study, owner="ada", durable=False), PATIENCE)
    assert view.state == "failed"
    assert view.error.startswith("The worker process ended 3 times during this work")
    assert lab.executions(study) == 3


def test_a_server_that_died_leaves_its_durable_job_to_the_next(lab: Lab, settings: Settings) -> None:
    study = lab.study("gate")
    script = f"""
        job = engine.submit(load_study({study.model_dump_json()!r}), owner="ada", durable=True)
        while not engine.view(job).total:
            time.sleep(0.01)
        os._exit(9)
    """
    ended = other_server(settings, lab.engine, script)
    assert ended.returncode == 9, ended.stderr
    stored = lab.engine.store.job(study.key)
    assert stored is not None and stored.owner == "ada"
    lab.open(study)
    lab.until(lambda: lab.engine.store.job(study.key).state == "done")
    assert lab.engine.view(study.key).rows
    assert lab.executions(study) == 2


def test_two_servers_on_one_store_compute_a_durable_job_once_at_a_time(lab: Lab, settings: Settings) -> None:
    study = lab.study("gate")
    job = lab.engine.submit(study, owner="ada", durable=True)
    lab.running(job)
    with second_server(lab, settings) as second:
        second.submit(study, owner="bob", durable=True)
        assert second.wait(job, 6).state == "queued", "the first server is at it, and lives"
        assert lab.executions(study) == 1
        lab.open(study)
        assert lab.engine.wait(job, PATIENCE).state == "done"
        assert second.wait(job, PATIENCE).state == "done"
    assert lab.engine.store.job(job).state == "done"


def test_a_closed_server_gives_its_jobs_back(lab: Lab, settings: Settings) -> None:
    study = lab.study("gate")
    with second_server(lab, settings) as second:
        second.submit(study, owner="bob", durable=True)
        lab.until(lambda: lab.executions(study) == 1)
    lab.open(study)
    lab.until(lambda: lab.engine.store.job(study.key).state == "done")
    assert lab.executions(study) == 2


def test_the_server_process_never_imports_torch(lab: Lab, settings: Settings) -> None:
    lab.only_here("the other server finds a scheduler by its address here, too")
    script = f"""
        job = engine.submit(load_study({lab.study().model_dump_json()!r}), owner="ada", durable=False)
        print(engine.wait(job, 100).state, [name for name in ("torch", "pandas", "streamlit") if name in sys.modules])
        engine.close()
    """
    ended = other_server(settings, lab.engine, script)
    assert ended.stdout.strip() == "done []", ended.stderr


@pytest.mark.slow
def test_workers_that_all_went_away_are_started_again(lab: Lab) -> None:
    lab.only_here("a cluster's processes are started again by whoever runs them")
    study = lab.study("gate")
    job = lab.engine.submit(study, owner="ada", durable=False)
    lab.running(job)
    link = lab.engine._runner.attempts.link
    assert link is not None and link.cluster is not None
    worker = int((lab.folder / "log").read_text().split()[1])
    link.cluster.process.kill()
    lab.until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == "zombie")
    lab.until(lambda: lab.executions(study) == 2)
    lab.open(study)
    assert lab.engine.wait(job, PATIENCE).state == "done"


def test_no_scheduler_is_said_in_one_sentence(lab: Lab, settings: Settings) -> None:
    lab.only_here("it is another scheduler anyway")
    with Engine(replace(settings, scheduler="tcp://127.0.0.1:9"), task=TASK) as lost:
        view = lost.wait(lost.submit(lab.study(), owner="ada", durable=False), PATIENCE)
    assert view.state == "failed"
    assert view.error.startswith("No Dask scheduler answers at tcp://127.0.0.1:9")
