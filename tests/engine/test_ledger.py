"""What a server owes to the table of jobs is written, whatever an error says, and before the server goes."""

from __future__ import annotations

from typing import Any

import pytest

from pruning.common.environment import Settings
from pruning.common.errors import StoreError
from pruning.engine import runner
from pruning.engine.jobs import Job
from pruning.engine.ledger import Ledger
from tests.engine.conftest import Lab
from tests.engine.test_deaths import second_server


def test_an_error_that_quotes_bytes_is_written_down(lab: Lab) -> None:
    study = lab.study()
    job, ledger = Job(study.key, study, "ada", True), Ledger(lab.engine.store)
    ledger.register(job)
    job.error = "The file 'caf\udce9\0.pt' cannot be read."
    ledger.write(job, "failed", "\udce9")
    stored = lab.engine.store.job(job.id)
    assert stored is not None and stored.state == "failed" and stored.error.startswith("The file 'caf?")
    assert ledger.owed == {}


def test_what_was_cancelled_while_the_store_was_away_does_not_come_back(
    lab: Lab, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = lab.study("gate")
    lab.until(lambda: lab.engine._runner.attempts.link)
    monkeypatch.setattr(runner, "BEAT_SECONDS", 1000.0)  # the beat would write down what is owed
    with second_server(lab, settings) as second:
        job = second.submit(study, owner="bob", durable=True)
        lab.until(lambda: second.view(job).total > 0)
        write = second.store.update_job

        def away(*_: Any, **__: Any) -> None:
            raise StoreError("The store is busy.")

        monkeypatch.setattr(second.store, "update_job", away)
        second.cancel(job, "bob")
        lab.until(lambda: second._ledger.owed)
        monkeypatch.setattr(second.store, "update_job", write)
    stored = lab.engine.store.job(job)
    assert stored is not None and stored.state == "cancelled"


def test_a_store_that_is_away_is_said_once_and_shown_until_it_is_back(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries, sentence = [], "The store is busy: another process held it for too long."

    def away(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise StoreError(sentence)

    monkeypatch.setattr(runner, "ADOPT_SECONDS", 0.05)
    with monkeypatch.context() as context, caplog.at_level("WARNING", logger="pruning.engine.runner"):
        context.setattr(lab.engine.store, "unfinished", away)
        lab.until(lambda: len(tries) >= 3)
        assert sentence in lab.engine.health().problems()
    lab.until(lambda: sentence not in lab.engine.health().problems())
    said = [record for record in caplog.records if record.name == "pruning.engine.runner"]
    assert [record.getMessage() for record in said] == [sentence] and said[0].exc_info is None
