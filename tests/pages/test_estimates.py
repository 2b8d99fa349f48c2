"""Times to come: measured here where it can be, else a guess that says so; jobs by their own pace."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pages.choices.setting import Setting
from pages.shared import estimates
from pages.shared.estimates import Estimate, left, light, passes, told, training
from pruning.engine.jobs import JobView
from pruning.study.methods.defaults import defaults_of

FAST, SLOW = JobView("fast", "running", seconds_left=8.0), JobView("slow", "running", seconds_left=200.0)
BEGUN, QUEUED = JobView("begun", "running"), JobView("queued", "queued")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """A store that knows these paces, by model, device and measure, and under "bundled" one result."""
    paces: dict[Any, Any] = {}

    def pace(model: str, device: str, measure: str = "accuracy") -> float | None:
        return paces.get((model, device, measure))

    def get(keys: list[str]) -> dict[str, Any]:
        return {key: paces["bundled"] for key in keys if "bundled" in paces}

    monkeypatch.setattr(estimates, "store", lambda: SimpleNamespace(pace=pace, get=get))
    return paces


def test_passes_are_timed_here_else_elsewhere_else_guessed_by_a_step(known: dict[Any, Any]) -> None:
    step = defaults_of("resnet_20").seconds
    assert passes("resnet_20", "cpu", 3000) == Estimate(pytest.approx(1000 * step), rough=True)
    known["bundled"] = SimpleNamespace(seconds=20.0, images=10_000)
    assert passes("resnet_20", "cpu", 3000) == Estimate(pytest.approx(6.0), rough=True)
    assert passes("resnet_20", "cuda", 3000) == Estimate(pytest.approx(1000 * step), rough=True)
    known["resnet_20", "cpu", "accuracy"] = 0.005
    assert passes("resnet_20", "cpu", 3000) == Estimate(15.0)


def test_trainings_are_timed_by_trainings(known: dict[Any, Any]) -> None:
    known["vit_small", "cpu", "accuracy"] = 0.5
    assert training("vit_small", "cpu", 100) == Estimate(
        pytest.approx(100 * defaults_of("vit_small").seconds), rough=True
    )
    known["vit_small", "cpu", "trace"] = 0.25
    assert training("vit_small", "cpu", 100) == Estimate(25.0)
    assert training("vit_small", "cuda", 100).rough


def test_a_network_is_light_by_a_measured_pace_and_not_by_a_guess(known: dict[Any, Any]) -> None:
    setting = Setting(model="lenet_300_100")
    assert not light(setting)
    known["lenet_300_100", "cpu", "accuracy"] = 0.0005
    assert light(setting)
    known["bundled"] = SimpleNamespace(seconds=6.0, images=10_000)  # as quick as on a quiet machine
    assert not light(setting)


def test_a_sum_is_as_rough_as_its_larger_part() -> None:
    assert Estimate(3.0) + Estimate(2.0, rough=True) == Estimate(5.0)
    assert Estimate(1.0) + Estimate(2.0, rough=True) == Estimate(3.0, rough=True)
    assert Estimate(2.0, rough=True) * 4 == Estimate(8.0, rough=True)
    assert Estimate(20.0).quick and not Estimate(20.1).quick


def test_one_wording() -> None:
    assert Estimate(180).words() == "about 3 min" and Estimate(180).words("left") == "about 3 min left"
    assert Estimate(180, rough=True).words() == "about 3 min, a rough guess"
    assert Estimate(40, rough=True).words("of one core") == "about 40 s of one core, a rough guess"


def test_jobs_tell_their_own_time() -> None:
    assert told([FAST, QUEUED, SLOW]) == Estimate(200.0) and told([BEGUN]) is None
    assert left([FAST, SLOW]) == "about 3 min left"
    assert left([FAST, QUEUED], Estimate(30.0)) == "about 38 s left"
    assert left([FAST, QUEUED], Estimate(30.0, rough=True)) == "about 38 s left, a rough guess"
    assert left([QUEUED], Estimate(30.0)) == "about 30 s left"
    assert left([QUEUED, BEGUN]) == "begins" and left([QUEUED]) == "waiting for a worker"
