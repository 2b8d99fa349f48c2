"""Connections to Dask take everything along when they end, or do not come about; nothing waits for ever."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from distributed import LocalCluster
from distributed.utils import LoopRunner

from pruning.common.environment import Settings
from pruning.common.errors import PruningError, StoreError
from pruning.engine import joining, link, shared, tasks
from pruning.engine.client import Client
from pruning.engine.joining import Joining
from pruning.engine.link import Link
from pruning.engine.runner import Runner
from pruning.store.store import Store
from tests.engine.conftest import TASK
from tests.helpers.loops import finished


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "artefacts")
    yield found
    found.close()


def held() -> tuple[int, int]:
    """Threads and open files of this process."""
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


def ended(loops: set[threading.Thread]) -> bool:
    """Whether all loops that were started since have ended."""
    new = [one for one in threading.enumerate() if one.name == "IO loop" and one not in loops]
    for one in new:
        one.join(20)
    return not any(one.is_alive() for one in new)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted where Linux lists them")
def test_a_scheduler_that_stays_away_costs_no_threads_and_no_files(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "CONNECT_SECONDS", 0.2)
    settings = Settings(store.url, tmp_path, scheduler="tcp://127.0.0.1:9")

    def ask() -> None:
        with pytest.raises(PruningError, match=r"^No Dask scheduler answers at tcp://127\.0\.0\.1:9 \(\w+\)\.$"):
            Link(settings, TASK, "topic", print, store)

    ask()
    before = held()
    for _ in range(10):
        ask()
    # Other tests' servers of this process come and go, too, but not ten times in step.
    assert all(now - then < 10 for now, then in zip(held(), before, strict=True))


@pytest.fixture
def scheduler() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=0, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None) as found:
        yield found


def test_a_connection_that_cannot_be_used_is_given_up_whole(
    scheduler: LocalCluster, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = set(threading.enumerate())

    def broken(*_: Any) -> None:
        raise StoreError("The store is busy.")

    monkeypatch.setattr(Joining, "__init__", broken)
    with pytest.raises(StoreError, match="busy"):
        Link(Settings(store.url, tmp_path, scheduler=scheduler.scheduler_address), TASK, "topic", print, store)
    assert ended(loops)


def test_a_thread_ends_also_where_the_scheduler_hung_up(scheduler: LocalCluster) -> None:
    loops = set(threading.enumerate())
    client = Client(scheduler.scheduler_address, set_as_default=False, timeout=5)
    client.sync(client._close)  # what it does itself when the connection breaks
    assert client.status == "closed"
    collected = threading.Thread(target=client.close, daemon=True)
    with LoopRunner._lock:  # garbage collection closes clients, also while a loop is being started
        collected.start()
        collected.join(20)
        assert not collected.is_alive()
    client.end(2.0)
    assert ended(loops)


def test_workers_are_asked_again_only_after_they_answered_or_time_was_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Callable[[], Any]] = []

    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.sleep(3600)

    one: Any = Link.__new__(Link)
    one._asking, one.tasks = False, SimpleNamespace(census=None)
    one.client = SimpleNamespace(run=hang, loop=SimpleNamespace(add_callback=asked.append))
    one.census(print), one.census(print)
    assert len(asked) == 1
    monkeypatch.setattr(link, "CENSUS_SECONDS", 0.01)
    finished(asked[0]())
    one.census(print)
    assert len(asked) == 2


def test_a_server_that_cannot_use_its_own_store_says_why_nobody_works(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_store: Store) -> str:
        raise StoreError("The disk is full: 'token.txt' was not written. Free some space and try again.")

    monkeypatch.setattr(shared, "leave", full)
    client = SimpleNamespace(run=print)
    found = joining.Joining(client, Settings(store.url, tmp_path), TASK, store)
    found.present = {"tcp://worker:1"}
    finished(found._ask("tcp://worker:1"))
    (sentence,) = found.refused.values()
    assert sentence.startswith("The worker tcp://worker:1 was not asked") and "The disk is full" in sentence
    assert found.settled and not found.admitted  # so people who wait read it, see ``stranded``


@pytest.mark.parametrize("hangs", ["cancel", "identity", None])
def test_a_worker_that_hangs_is_killed_whoever_does_not_answer(
    hangs: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All workers are asked to cancel, the hung one, too, and the scheduler may be busy."""
    monkeypatch.setattr(link, "COUNT_SECONDS", 1)
    done: list[str] = []

    async def answer(what: str, value: Any = None) -> Any:
        if what == hangs:
            await asyncio.sleep(60)
        done.append(what)
        return value

    def run(task: Callable[..., Any], *_: Any, **_about: Any) -> Any:
        return answer(task.__name__)

    scheduler = SimpleNamespace(identity=lambda: answer("identity", {"workers": {}}))
    client = SimpleNamespace(run=run, scheduler=scheduler, cancel=lambda futures, asynchronous: answer("give up"))
    one = object.__new__(Link)
    one.client, one.tasks = client, tasks
    finished(one._kill_elsewhere("key", None, "worker"))
    assert done == [what for what in ("cancel", "kill", "identity", "give up") if what != hangs]


def test_a_server_that_closes_gives_its_jobs_back_before_it_stops_them() -> None:
    """What is told to stop answers that it was cancelled, which the next server must not take for a person's wish."""
    seen: list[str] = []
    one = object.__new__(Runner)
    one.inbox, one.changed = queue.SimpleQueue(), threading.Condition()
    one.book = SimpleNamespace(active={})
    one.ledger = SimpleNamespace(settle=lambda: seen.append("settled"), give_back=lambda: seen.append("given back"))

    def tell(_attempt: object) -> None:
        seen.append("told")
        one.inbox.put(lambda: seen.append("cancelled"))

    one.attempts = SimpleNamespace(running={"a": object()}, tell=tell, link=None)
    one.inbox.put(lambda: seen.append("heard"))
    one.inbox.put(lambda: 1 / 0)  # one that fails keeps none of the rest back
    one.inbox.put(lambda: seen.append("heard"))
    one._shut()
    assert seen == ["heard", "heard", "settled", "given back", "told"]
