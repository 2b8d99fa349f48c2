from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pruning.common.errors import BadValue
from pruning.store.jobs import LEASE_SECONDS, silent
from pruning.store.records import JobState
from pruning.store.schema import jobs
from pruning.store.store import Store


def age(store: Store, seconds: float) -> None:
    """Let all heartbeats be this old."""
    with store.transaction() as connection:
        connection.execute(jobs.update().values(beat=time.time() - seconds))


def test_a_job_is_written_down_and_followed(store: Store) -> None:
    store.add_job("j1", '{"a": 1}', "ada", "server 1")
    store.update_job("j1", "running", started=5.0, done=2.0, total=4.0)
    job = store.job("j1")
    assert job is not None
    assert (job.study, job.owner, job.state, job.started, job.done) == ('{"a": 1}', "ada", "running", 5.0, 2.0)
    assert [job.id for job in store.unfinished()] == ["j1"]
    store.update_job("j1", "failed", error="It broke.", traceback="Traceback", ended=9.0)
    assert store.unfinished() == []
    assert store.job("none") is None


def test_asking_again_is_the_same_row_and_fresh(store: Store) -> None:
    store.add_job("j1", "{}", "ada")
    store.update_job("j1", "failed", error="It broke.", ended=9.0)
    store.add_job("j1", "{}", "bob")
    job = store.job("j1")
    assert job is not None and len(store.jobs()) == 1
    assert (job.state, job.error, job.ended, job.owner) == ("queued", "", None, "bob")


def test_jobs_come_newest_first_and_unfinished_ones_oldest_first(store: Store) -> None:
    for number in range(3):
        store.add_job(f"j{number}", "{}", "ada")
        time.sleep(0.002)
    assert [job.id for job in store.jobs(limit=2)] == ["j2", "j1"]
    assert [job.id for job in store.unfinished()] == ["j0", "j1", "j2"]


def test_of_servers_that_ask_at_the_same_moment_one_gets_the_job(store: Store) -> None:
    names = [f"server {number}" for number in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        got = list(pool.map(lambda name: store.take_job("j1", "{}", "ada", name), names))
    job = store.job("j1")
    assert got.count(True) == 1 and job is not None and job.server == names[got.index(True)]
    assert store.take_job("j1", "{}", "ada", job.server), "it may ask again"
    assert not store.take_job("j1", "{}", "bob", "another")
    assert store.take_job("j1", "{}", "bob", "another", dead=job.server)
    store.update_job("j1", "done", ended=9.0)
    assert store.take_job("j1", "{}", "cy", "third")
    fresh = store.job("j1")
    assert fresh is not None and (fresh.state, fresh.ended, fresh.owner) == ("queued", None, "cy")


def test_a_job_of_a_living_server_cannot_be_claimed(store: Store) -> None:
    store.add_job("j1", "{}", "ada", "server 1")
    assert not store.claim("j1", "server 2")
    age(store, LEASE_SECONDS + 1)
    store.beat("server 1", {"j1": (1.0, 2.0)})
    assert not store.claim("j1", "server 2")
    job = store.job("j1")
    assert job is not None and (job.done, job.total) == (1.0, 2.0)


@pytest.mark.parametrize("how", ["silent", "dead", "given back"])
def test_a_job_that_was_left_is_claimed_by_one_server_only(store: Store, how: str) -> None:
    store.add_job("j1", "{}", "ada", "server 1")
    if how == "silent":
        age(store, LEASE_SECONDS + 1)
    elif how == "given back":
        store.give_back("server 1")
    dead = "server 1" if how == "dead" else None
    assert store.claim("j1", "server 2", dead)
    assert not store.claim("j1", "server 3", dead)
    assert store.claim("j1", "server 2", dead), "asked again, after its answer was lost"
    job = store.job("j1")
    assert job is not None and (job.state, job.server) == ("interrupted", "server 2")


def test_a_finished_job_cannot_be_claimed(store: Store) -> None:
    store.add_job("j1", "{}", "ada")
    store.update_job("j1", "done")
    assert not store.claim("j1", "server 2")


def test_only_the_latest_finished_jobs_are_remembered_and_every_unfinished_one(store: Store) -> None:
    ends: list[JobState] = ["running", "done", "failed", "queued", "cancelled", "done"]
    for number, state in enumerate(ends):
        store.add_job(f"j{number}", "{}", "ada")
        store.update_job(f"j{number}", state)
        time.sleep(0.002)
    assert store.trim_jobs() == 0 == store.trim_jobs(keep=4)
    assert store.trim_jobs(keep=2) == 2
    assert [job.id for job in store.jobs()] == ["j5", "j4", "j3", "j0"]
    store.add_job("j1", "{}", "bob")  # whoever asks again starts anew
    assert [job.id for job in store.unfinished()] == ["j0", "j3", "j1"]
    assert store.trim_jobs(keep=0) == 2 and len(store.unfinished()) == 3


def test_what_ended_last_is_remembered_though_it_was_asked_for_first(store: Store) -> None:
    for job_id in ("training", "move 1", "move 2", "move 3"):
        store.add_job(job_id, "{}", "ada")
    for end, job_id in enumerate(("move 1", "move 2", "move 3", "training")):
        store.update_job(job_id, "failed" if job_id == "training" else "done", ended=1000.0 + end)
    assert store.trim_jobs(keep=2) == 2
    assert {job.id for job in store.jobs()} == {"training", "move 3"}


def test_exactly_so_many_are_remembered_where_all_ended_at_once(store: Store) -> None:
    for number in range(6):
        store.add_job(f"j{number}", "{}", "ada")
        store.update_job(f"j{number}", "done", ended=1000.0)
    assert store.trim_jobs(keep=4) == 2 and len(store.jobs()) == 4
    assert store.trim_jobs(keep=4) == 0


def test_servers_that_trim_while_a_job_is_asked_for_lose_none(store: Store) -> None:
    for number in range(20):
        store.add_job(f"j{number}", "{}", "ada")
        store.update_job(f"j{number}", "done")
    with ThreadPoolExecutor(4) as pool:
        trims = [pool.submit(store.trim_jobs, 0) for _ in range(8)]
        asked = list(pool.map(lambda number: store.take_job(f"j{number}", "{}", "bob", "server"), range(20)))
        gone = sum(trim.result() for trim in trims)
    assert all(asked) and len(store.unfinished()) == 20 and gone <= 20


def test_what_a_job_stores_is_bounded_and_a_list_of_failures_reads_no_study(store: Store) -> None:
    large = " " * (2**20 + 1)
    for ask in (lambda: store.add_job("j", large, "ada"), lambda: store.take_job("j", large, "ada", "server")):
        with pytest.raises(BadValue, match="A study has at most 1,048,576 bytes as JSON, and this one has 1,048,577"):
            ask()
    store.add_job("j", "{}", "ada")
    store.add_job("k", "{}", "ada")
    store.update_job("j", "failed", ended=5.0, error="e" * 10_000, traceback="t" * 50_000 + "end")
    found = store.job("j")
    assert found is not None and (len(found.error), len(found.traceback)) == (2_000, 20_000)
    assert found.traceback.endswith("end") and store.failed() == [(5.0, "e" * 2_000, "j")]


def test_a_heartbeat_of_the_future_is_no_life(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    for ahead, free in ((7200.0, True), (60.0, False)):
        monkeypatch.setattr(time, "time", lambda ahead=ahead: now + ahead)
        store.add_job("j", "{}", "ada", server="one")
        monkeypatch.setattr(time, "time", lambda: now)
        assert silent(now + ahead) is free
        assert store.claim("j", "two") is free, f"a clock that was {ahead} s ahead"
