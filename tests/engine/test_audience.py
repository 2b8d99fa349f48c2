"""For whom jobs run: who left, who has a turn, who may end what; and what may be asked for at all. Without workers."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pruning.common.environment import Settings
from pruning.common.errors import Incompatible
from pruning.common.limits import AWAY_SECONDS, FORSAKEN_SECONDS, PAGE_TURN_SECONDS, PERSON_HOURS, SWEEP_TURN_SECONDS
from pruning.engine import allowance
from pruning.engine import audience as audience_module
from pruning.engine.attempts import Attempts
from pruning.engine.audience import FORSAKEN, LEFT, Audience
from pruning.engine.book import Book
from pruning.engine.jobs import Attempt, Job
from pruning.engine.ledger import Ledger
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base

PASS, STEP = 0.001, 0.01


class Desk:
    """A book with its audience, a clock, and two workers that do nothing."""

    def __init__(self, patch: pytest.MonkeyPatch, owners: bool = False) -> None:
        self.now, self.here, self.number = time.monotonic(), {"s1", "s2"}, 0
        patch.setattr(audience_module, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.book, changed = Book(), threading.Condition(threading.RLock())
        ledger = cast(Ledger, SimpleNamespace(write=lambda *_given: None))
        self.attempts = Attempts(Settings(), self.book, ledger, changed, lambda _what: None)
        self.attempts.workers = 2
        self.audience = Audience(self.book, self.attempts, changed, owners)
        self.audience.present = self.here.__contains__

    def ask(self, seed: int, session: str, owner: str = "local", durable: bool = False, train: bool = True) -> Job:
        recipe: Any = (Train(steps=10),) if train else (Prune(sparsity=500),)
        study = Study(base=Base(model="lenet_300_100", seed=seed), recipe=recipe, measures=(MeasureSpec(name="size"),))
        slot = None if durable else f"{session}/accuracy"
        job, new, _left = self.book.enter(study, owner, durable, slot, session, session)
        if new:
            self.book.ready(job)
        return job

    def hand_out(self) -> Job | None:
        """As ``Attempts.dispatch`` does."""
        sweeps = sum(one.durable for one in self.attempts.running.values())
        job = self.book.next(2 - len(self.attempts.running), 1 - sweeps)
        if job is not None:
            self.number += 1
            job.attempt = Attempt(f"a{self.number}", job, job.durable, sent=self.now)
            self.attempts.running[job.attempt.key] = job.attempt
            self.book.start(job)
        return job

    def leave(self, job: Job, owner: str, session: str, operator: bool) -> bool:
        with self.audience.changed:
            return self.audience.leave(job, owner, session, operator)

    def after(self, seconds: float) -> None:
        """Time goes by; workers that were told to stop have stopped."""
        self.now += seconds
        self.audience.look()
        self.attempts.running = {key: one for key, one in self.attempts.running.items() if one.job is not None}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_a_page_s_job_ends_when_its_last_session_has_left(desk: Desk) -> None:
    job = desk.ask(0, "s1")
    assert desk.ask(0, "s2") is job and desk.hand_out() is job
    desk.here.discard("s1")
    for _ in range(3):
        desk.after(AWAY_SECONDS)
    assert job.state == "running"
    desk.here.discard("s2")
    desk.after(1)
    desk.after(AWAY_SECONDS - 1)
    assert job.state == "running"  # a lost connection may come back
    desk.after(2)
    assert (job.state, job.error) == ("cancelled", LEFT) and not desk.attempts.running


def test_who_is_back_in_time_loses_nothing(desk: Desk) -> None:
    job = desk.ask(0, "s1")
    for _ in range(5):
        desk.here.discard("s1")
        desk.after(1)
        desk.after(AWAY_SECONDS - 2)
        desk.here.add("s1")
        desk.after(2)
    assert job.state == "queued"


def test_background_work_outlives_its_browser_but_not_for_ever(desk: Desk) -> None:
    job = desk.ask(0, "s1", durable=True)
    desk.here.clear()
    desk.after(1)
    desk.after(FORSAKEN_SECONDS - 100)
    assert job.state == "queued"
    desk.after(200)
    assert (job.state, job.error) == ("cancelled", FORSAKEN)


def test_cancel_only_leaves_where_others_wait(desk: Desk) -> None:
    job = desk.ask(0, "s1")
    desk.ask(0, "s2")
    assert not desk.leave(job, "local", "s1", False) and job.state == "queued"
    assert {waiter.session for waiter in job.waiters} == {"s2"} and set(desk.book.slots) == {"s2/accuracy"}
    assert not desk.leave(job, "local", "s3", False) and job.state == "queued"  # who never waited
    assert desk.leave(job, "local", "s2", False) and job.state == "cancelled"


def test_a_job_whose_own_browser_is_gone_can_be_cancelled_from_the_next(desk: Desk) -> None:
    job = desk.ask(0, "s1", durable=True)
    desk.here.discard("s1")
    assert desk.leave(job, "local", "s2", False) and job.state == "cancelled"


def test_with_owners_only_an_operator_ends_what_is_another_s(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, owners=True)
    job = desk.ask(0, "s1", owner="ada", durable=True)
    desk.here.clear()
    with pytest.raises(Incompatible, match="another person's"):
        desk.leave(job, "eve", "s2", False)
    desk.ask(0, "s2", owner="eve", durable=True)
    assert not desk.leave(job, "eve", "s2", False) and job.state == "queued"
    assert desk.leave(job, "teacher", "s9", True) and job.state == "cancelled"


def test_sweeps_take_turns_in_their_slot(desk: Desk) -> None:
    first, second = desk.ask(0, "s1", durable=True), desk.ask(1, "s2", durable=True)
    assert desk.hand_out() is first and desk.hand_out() is None
    desk.after(SWEEP_TURN_SECONDS - 1)
    assert first.state == "running"
    served = []
    for _ in range(4):
        desk.after(SWEEP_TURN_SECONDS + 1)
        served.append(desk.hand_out())
    assert served == [second, first, second, first] and first.yielded == 2


def test_nobody_makes_room_for_oneself_or_for_nobody(desk: Desk) -> None:
    first = desk.ask(0, "s1", durable=True)
    desk.ask(1, "s1", durable=True)
    assert desk.hand_out() is first
    desk.after(100 * SWEEP_TURN_SECONDS)
    assert first.state == "running"


def test_what_has_no_checkpoint_gets_longer_turns(desk: Desk) -> None:
    jobs = [desk.ask(seed, session, durable=True, train=False) for seed, session in enumerate(("s1", "s2"))]
    lengths = []
    for _ in range(6):
        job = desk.hand_out()
        assert job in jobs
        begun = desk.now
        while job.state == "running":
            desk.after(5)
        lengths.append((desk.now - begun) // SWEEP_TURN_SECONDS)
    assert lengths == [1, 1, 2, 2, 4, 4]


def test_pages_of_one_person_do_not_hold_all_workers(desk: Desk) -> None:
    for seed in range(2):
        desk.book.ready(desk.book.enter(_study(seed), "local", False, f"s1/{seed}", "s1", "s1")[0])
    hers = [desk.hand_out(), desk.hand_out()]
    other = desk.ask(5, "s2")
    assert None not in hers and desk.hand_out() is None
    desk.after(PAGE_TURN_SECONDS + 1)
    assert desk.hand_out() is other


def test_first_turns_of_pages_are_short_and_grow(desk: Desk) -> None:
    for session in ("s1", "s2", "s3"):
        desk.here.add(session)
    jobs = [desk.ask(seed, f"s{seed}", train=False) for seed in (1, 2)]
    assert [desk.hand_out(), desk.hand_out()] == jobs
    third = desk.ask(3, "s3", train=False)
    desk.after(PAGE_TURN_SECONDS - 1)
    assert desk.hand_out() is None
    desk.after(2)
    assert desk.hand_out() is third and jobs[0].yielded == 1 and jobs[1].yielded == 0


def test_what_nobody_is_there_for_makes_room_at_once(desk: Desk) -> None:
    desk.here.update({"s3", "s4"})
    jobs = [desk.ask(seed, f"s{seed}") for seed in (1, 2, 3)]
    assert [desk.hand_out(), desk.hand_out()] == jobs[:2] and desk.hand_out() is None
    desk.here -= {"s1", "s2", "s3"}
    desk.after(0.1)
    assert {job.state for job in jobs[:2]} == {"running"}  # the one that waits is nobody's either
    there = desk.ask(4, "s4")
    desk.after(0.1)
    assert desk.hand_out() is there
    assert sorted(job.state for job in jobs) == ["queued", "queued", "running"]


def _study(seed: int = 0, **step: Any) -> Study:
    recipe: Any = (Train(**step),) if step else ()
    return Study(base=Base(model="lenet_300_100", seed=seed), recipe=recipe, measures=(MeasureSpec(name="accuracy"),))


STORE: Any = SimpleNamespace(pace=lambda _model, _device, what="accuracy": STEP if what == "trace" else PASS)


def test_a_cost_is_images_times_draws_times_passes() -> None:
    assert allowance.seconds(_study(), STORE) == pytest.approx(10_000 * PASS)
    assert allowance.seconds(_study(steps=30, batch=20), STORE) == pytest.approx(10_000 * PASS + 600 * STEP)
    some = MeasureSpec(name="accuracy", options={"split": "validation"})  # there are 5,000, whatever is asked for
    assert allowance.seconds(Study(base=_study().base, measures=(some,)), STORE) == pytest.approx(5_000 * PASS)
    obd = Prune(scorer="obd", options={"samples": 400, "probes": 7}, sparsity=500)
    pruned = Study(base=Base(), recipe=(obd,), measures=(MeasureSpec(name="profile"),))
    assert allowance.seconds(pruned, STORE) == pytest.approx(400 * 7 * 3 * PASS)
    assert allowance.seconds(pruned.at_levels((100, 500, 900)), STORE) == pytest.approx(400 * 7 * 3 * PASS)


def test_one_person_s_work_has_a_limit_and_others_keep_theirs() -> None:
    book, hours = Book(), lambda count: _study(int(count), steps=int(count * 3600 / STEP / 100), batch=100)
    book.enter(hours(PERSON_HOURS - 10), "ada", True, None)
    allowance.refuse([hours(8)], "ada", book.active.values(), STORE)
    allowance.refuse([hours(12)], "bob", book.active.values(), STORE)
    with pytest.raises(Incompatible, match=f"lets one person have {PERSON_HOURS:.0f} hours waiting"):
        allowance.refuse([hours(8), hours(9)], "ada", book.active.values(), STORE)
    for number in range(10):
        book.enter(hours(20 + number), f"p{number}", True, None)
    with pytest.raises(Incompatible, match="lets all people have"):
        allowance.refuse([hours(19)], "bob", book.active.values(), STORE)
    allowance.refuse([hours(PERSON_HOURS - 10)], "ada", [next(iter(book.active.values()))], STORE)  # asked twice: once
