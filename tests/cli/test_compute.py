"""Numbers: the command line, the library and the engine agree, whatever the form."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pruning
from pruning.cli import arguments, compute, output
from pruning.cli.parser import parser
from pruning.common.environment import Settings
from pruning.common.errors import Cancelled, PruningError
from tests.cli.conftest import ROOT

WEIGHTS = 28 * 28 * 300 + 300 * 100 + 100 * 10
ASK = ("prune", "--model", "lenet_300_100", "--sparsity", "0.5,90%,99.9%", "--count", "500", "--json")
TIMES = ["seconds", "origin"]


def without_times(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name not in TIMES} for line in lines]


def study() -> pruning.Study:
    return pruning.Study(
        recipe=(pruning.Prune(sparsity=500),),
        axes={"0.sparsity": (500, 900, 999)},
        measures=(pruning.MeasureSpec(name="accuracy", options={"count": 500}), pruning.MeasureSpec(name="profile")),
    )


def test_the_table_holds_what_run_measured(cli: Callable[..., Any], here: None) -> None:
    said = cli(*ASK)
    assert (said.code, said.err) == (0, "")
    lines = json.loads(said.out)["table"]
    rows = pruning.run(study())
    for line, row in zip(lines, [row for row in rows if row["measure"] == "accuracy"], strict=True):
        value = row["value"]
        assert line["images"] == value["count"] == 500
        assert line["accuracy"] == value["correct"] / 500
        assert line["dense_accuracy"] == value["dense_correct"] / 500
        assert (line["lost"], line["gained"]) == (value["lost"], value["gained"])
        assert line["dense_accuracy"] - line["accuracy"] == pytest.approx((line["lost"] - line["gained"]) / 500)
        assert line["accuracy_low"] < line["accuracy"] < line["accuracy_high"]
    assert [line["weights_removed"] for line in lines] == [round(share * WEIGHTS) for share in (0.5, 0.9, 0.999)]
    assert {line["prunable_weights"] for line in lines} == {WEIGHTS}
    assert [line["share_removed"] for line in lines] == pytest.approx([0.5, 0.9, 0.999], abs=1e-5)
    assert {(line["split"], line["device"]) for line in lines} == {("test", "cpu")}
    assert lines[0]["dense_accuracy"] > 0.85 > 0.3 > lines[2]["accuracy"]


def test_weights_removed_are_those_that_are_zero() -> None:
    from pruning.network.weights import prunable
    from pruning.study.fold import state_of

    (line,) = output.records(pruning.table(pruning.run(one := study().model_copy(update={"axes": {}}))))
    pruned = state_of(one.base, one.recipe)
    before, after = (sum(int((w == 0).sum()) for w in prunable(s.model).values()) for s in (pruned.start, pruned))
    assert before == 0
    assert line["weights_removed"] == after


def test_a_level_that_bounds_do_not_allow_is_refused_with_the_highest(cli: Callable[..., Any], here: None) -> None:
    asked = ("--allocation", "uniform", "--allocation-option", "ends=half", "--sparsity", "50%", "--count", "500")
    said = cli("prune", "--model", "lenet_300_100", *asked)
    assert said.code and "50 % cannot be reached so (ends half): at most 20.2 %" in said.err


def test_the_python_api_gives_the_same_table(cli: Callable[..., Any], here: None) -> None:
    frame = pruning.table(pruning.run(study()))
    printed = json.loads(cli(*ASK).out)["table"]
    assert without_times(output.records(frame)) == without_times(printed)
    assert list(frame.columns) == list(printed[0])


def test_what_prune_printed_can_be_run(cli: Callable[..., Any], here: None, tmp_path: Path) -> None:
    first = json.loads(cli(*ASK).out)
    (tmp_path / "printed.json").write_text(json.dumps(first))
    (tmp_path / "study.json").write_text(json.dumps(first["study"]))
    for name in ("printed.json", "study.json"):
        again = json.loads(cli("run", str(tmp_path / name), "--json").out)
        assert (again["study"], again["key"]) == (first["study"], first["key"])
        assert without_times(again["table"]) == without_times(first["table"])
        assert [row["measure"] for row in again["rows"]] == ["accuracy", "profile"] * 3


def test_other_axes_and_measures_have_columns(cli: Callable[..., Any], here: None, tmp_path: Path) -> None:
    content = {
        "axes": {"0.allocation": ["global", "uniform"], "seed": [0, 1]},
        "measures": [
            {"name": "size"},
            {"name": "accuracy", "options": {"count": 50, "split": "validation"}},
            {"name": "accuracy", "options": {"count": 60}},
        ],
    }
    (tmp_path / "study.json").write_text(json.dumps(content))
    lines = json.loads(cli("run", str(tmp_path / "study.json"), "--json").out)["table"]
    seen = [(line["0.allocation"], line["seed"], line["images"], line["split"]) for line in lines]
    assert seen == [
        (a, s, n, split)
        for a in ("global", "uniform")
        for s in (0, 1)
        for n, split in ((50, "validation"), (60, "test"))
    ]
    assert {line["prunable"] - line["prunable_nonzero"] for line in lines} == {round(0.8 * WEIGHTS)}


def test_text_is_aligned_and_in_percent(cli: Callable[..., Any], here: None) -> None:
    lines = cli(*ASK[:-1]).out.rstrip("\n").splitlines()
    assert len(lines) == 4
    assert lines[0].split()[:3] == ["sparsity", "accuracy", "95"]
    assert [line[: lines[0].index("  accuracy")].strip() for line in lines[1:]] == ["50 %", "90 %", "99.9 %"]
    assert all(line.index(" %  ") for line in lines[1:])
    assert f"{round(0.9 * WEIGHTS):,}" in lines[2]


def test_a_narrow_terminal_gets_the_table_in_parts() -> None:
    frame = pruning.table(pruning.run(study()))
    whole, folded = output.as_text(frame), output.as_text(frame, 80)
    assert all(len(line) <= 80 for line in folded.splitlines()) and len(whole.splitlines()[0]) > 80
    parts = [part.splitlines() for part in folded.split("\n\n")]
    assert len(parts) > 1 and all(len(part) == 4 and part[0].startswith("sparsity") for part in parts)
    assert "dense accuracy" in parts[0][0]
    assert set(whole.split()) == set(folded.split())


def test_what_cannot_be_computed_is_one_sentence_and_exit_code_1(cli: Callable[..., Any], here: None) -> None:
    said = cli(*ASK, "--device", "cuda:63")
    assert (said.code, said.out) == (1, "")
    assert said.sentence().startswith("error: There is no device 'cuda:63' on this machine. Present: cpu")


def test_an_internal_error_shows_no_stack_trace(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(study: Any) -> Any:
        raise ZeroDivisionError("division by zero.")

    monkeypatch.setattr(compute, "compute", broken)
    said = cli(*ASK)
    assert said.code == 1
    assert said.sentence() == "error: Internal error: ZeroDivisionError: division by zero."


class FakeEngine:
    """An engine whose jobs end as ``ends`` says, one after the other; an exception is raised while it is waited for."""

    ends: list[Any] = []
    log: list[Any] = []

    def __init__(self, settings: Settings) -> None:
        self.log.append(settings.workers)

    def __enter__(self) -> FakeEngine:
        return self

    def __exit__(self, *error: object) -> None:
        self.log.append("closed")

    def submit(self, study: Any, *, owner: str, durable: bool) -> str:
        self.log.append(("submit", durable))
        return "job"

    def wait(self, job: str, timeout: float) -> Any:
        from pruning.engine.jobs import JobView

        end = self.ends.pop(0)
        if isinstance(end, BaseException):
            raise end
        return JobView(id=job, **end)

    def cancel(self, job: str, owner: str) -> bool:
        self.log.append("cancel")
        return True


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeEngine]:
    monkeypatch.setattr("pruning.engine.engine.Engine", FakeEngine)
    monkeypatch.delenv("PRUNING_WORKERS", raising=False)
    FakeEngine.ends, FakeEngine.log = [], []
    return FakeEngine


def test_rows_that_another_server_computed_are_asked_for_again(fake: type[FakeEngine]) -> None:
    fake.ends = [{"state": "running"}, {"state": "done", "rows": None}, {"state": "done", "rows": ["row"]}]
    assert compute.compute(study()) == ["row"]
    assert fake.log == [1, ("submit", True), ("submit", False), "closed"]


@pytest.mark.parametrize(("wrong", "code"), [(True, 2), (False, 1)])
def test_wrong_input_that_the_worker_finds_is_exit_code_2(fake: type[FakeEngine], wrong: bool, code: int) -> None:
    from pruning.cli.main import main

    fake.ends = [{"state": "failed", "error": "There is no layer 'conv9'.", "wrong": wrong}]
    assert main(list(ASK)) == code


def test_ctrl_c_cancels_the_job_and_closes(fake: type[FakeEngine]) -> None:
    fake.ends = [{"state": "running"}, KeyboardInterrupt()]
    with pytest.raises(Cancelled):
        compute.compute(study())
    assert fake.log == [1, ("submit", True), "cancel", "closed"]


def test_workers_that_never_start_are_given_up(fake: type[FakeEngine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "STUCK_SECONDS", -1.0)
    fake.ends = [{"state": "queued", "note": "The worker processes did not start."}]
    with pytest.raises(PruningError, match="did not start"):
        compute.compute(study())
    assert fake.log == [1, ("submit", True), "cancel", "closed"]


@pytest.mark.parametrize("end", [{"state": "failed", "error": "No room."}, {"state": "cancelled"}])
def test_a_job_that_failed_elsewhere(fake: type[FakeEngine], end: dict[str, Any]) -> None:
    fake.ends = [end]
    with pytest.raises(PruningError, match="No room|cancelled elsewhere"):
        compute.compute(study())


@pytest.mark.slow
def test_with_the_real_engine(python: Callable[..., Any]) -> None:
    """The same numbers through worker processes; the second time from the store; a missing device is a sentence."""
    said = python("-m", "pruning", *ASK)
    assert said.code == 0, said.err
    content = json.loads(said.out)
    direct = output.records(pruning.table(pruning.run(study())))
    assert without_times(content["table"]) == without_times(direct)
    assert {line["origin"] for line in content["table"]} == {"computed"}
    again = json.loads(python("-m", "pruning", *ASK).out)
    assert {line["origin"] for line in again["table"]} == {"stored"}
    assert without_times(again["table"]) == without_times(content["table"])
    missing = python("-m", "pruning", *ASK, "--device", "cuda:63")
    assert (missing.code, missing.out) == (1, "")
    assert "error: There is no device 'cuda:63' on this machine." in missing.err
    assert "Traceback" not in missing.err


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_ends_in_130_and_keeps_what_was_finished(environment: dict[str, str]) -> None:
    from pruning.store.store import Store

    store = Store(Settings.read(environment))
    levels = ",".join(f"{n / 10:g}%" for n in range(20, 1000))
    command = [sys.executable, "-m", "pruning", *line(levels)]
    pipe = subprocess.PIPE
    # A shell that starts the tests in its background has them ignore Ctrl-C: the child must not inherit that.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    finally:
        signal.signal(signal.SIGINT, heard)
    try:
        end = time.monotonic() + 300
        while not any(job.state == "running" and job.done >= 1 for job in store.unfinished()):
            assert time.monotonic() < end, "nothing was finished in five minutes"
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert "Cancelled" in err
    assert "Traceback" not in err, err
    assert not store.unfinished()
    asked = arguments.study_of(parser().parse_args(line(levels)))
    assert list(store.get([asked.cells()[0].measure_key(asked.measures[0])]))


def line(levels: str) -> list[str]:
    return ["prune", "--model", "lenet_5", "--scorer", "random", "--sparsity", levels]


def test_an_operator_gives_an_address_s_runs_to_a_person(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pruning.store.store import Store

    monkeypatch.setenv("PRUNING_STORE", f"sqlite:///{tmp_path / 'p.db'}")
    store = Store(Settings.read())
    run = store.keep_run(study().model_dump_json(), owner="a@b.org", name="x", kept=True, seconds=0.0, summary={})
    said = cli("assign", "a@b.org", "https://id.org", "7", "--json")
    assert said.code == 0 and json.loads(said.out) == {"runs": 1, "owner": "https://id.org 7"}
    assert store.run(run).owner == "https://id.org 7"
    store.close()
    assert cli("assign", "a@b.org", "https://id.org", " ").code == 2
