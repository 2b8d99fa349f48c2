"""A PostgreSQL that hangs up, crashes, or is not there: work is repeated where it can be, and said where it cannot."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pruning.common.errors import StoreError
from pruning.store import connect as connecting
from pruning.store import database
from pruning.store.schema import jobs
from pruning.store.store import Store
from tests.helpers.postgres import Server


@pytest.fixture
def url(server: Server) -> str:
    return server.base()


def test_connections_that_were_closed_in_the_pool_are_replaced(
    store: Store, server: Server, about: dict[str, Any]
) -> None:
    store.put("k", {"n": 1}, **about)
    server.hang_up()
    with store.transaction() as connection:  # one attempt is enough: the pool looks before it hands out
        assert connection.execute(sa.text("SELECT count(*) FROM measures")).scalar() == 1


def test_a_transaction_that_is_cut_off_is_done_again_and_once(store: Store, server: Server) -> None:
    attempts = []

    def work(connection: sa.Connection) -> None:
        attempts.append(time.monotonic())
        connection.execute(jobs.insert().values(id="j", study="{}", owner="ada", state="queued", created=1.0))
        if len(attempts) == 1:
            server.hang_up()

    store.transact(work)
    assert len(attempts) == 2
    assert [job.id for job in store.jobs()] == ["j"]


def test_a_crash_and_restart_of_the_server_is_sat_out(store: Store, server: Server, about: dict[str, Any]) -> None:
    store.put("before", {"n": 1}, **about)
    server.stop(signal.SIGQUIT)
    restart = threading.Timer(0.3, server.start)
    restart.start()
    store.put("during", {"n": 2}, **about)
    restart.join()
    assert {key: found.value["n"] for key, found in store.get(["before", "during"]).items()} == {
        "before": 1,
        "during": 2,
    }


def test_a_server_that_stays_away_is_one_sentence(
    store: Store, server: Server, url: str, tmp_path: Path, about: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (database, connecting):
        monkeypatch.setattr(module, "WAITS", (0.01,))
    server.stop()
    try:
        with pytest.raises(StoreError, match=r"^The database does not answer \(.*\): what was stored before is safe"):
            store.put("k", {"n": 1}, **about)
        with pytest.raises(StoreError, match="cannot be opened") as caught:
            Store.open(url, tmp_path)
        assert "\n" not in str(caught.value) and "Traceback" not in str(caught.value)
    finally:
        server.start()
    store.put("k", {"n": 1}, **about)


def test_a_lock_that_somebody_holds_is_not_waited_for_for_ever(
    url: str, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "LOCK_SECONDS", 1)
    store.add_job("j", "{}", "ada")
    other = Store.open(url, tmp_path)
    with store.transaction() as connection:
        connection.execute(jobs.update().values(done=1.0))
        with pytest.raises(StoreError, match="^The store is busy: another process held it for too long"):
            other.update_job("j", "running")
    other.update_job("j", "running")
    other.close()


def test_a_question_that_nobody_confirms_is_given_up_within_a_minute(store: Store) -> None:
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        given = driver.info.get_parameters()
    assert given["tcp_user_timeout"] == "60000" and given["keepalives_idle"] == "30"


def test_two_transactions_in_each_others_way_both_end(store: Store) -> None:
    for name in ("a", "b"):
        store.add_job(name, "{}", "ada")
    together, met, errors = threading.Barrier(2, timeout=30), [], []

    def work(first: str, second: str) -> None:
        def change(connection: sa.Connection) -> None:
            connection.execute(jobs.update().where(jobs.c.id == first).values(done=jobs.c.done + 1))
            if len(met) < 2:  # the second attempt goes straight through
                met.append(first)
                together.wait()
            connection.execute(jobs.update().where(jobs.c.id == second).values(done=jobs.c.done + 1))

        try:
            store.transact(change)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and [job.done for job in store.jobs()] == [2, 2]
