"""The Status page: what it lists, that it follows what happens, and that it tells no names and no passwords."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from pages.shared.server import engine, store
from pages.status import tables as status_tables
from pruning.engine.health import Failure, Health, WorkerView
from pruning.steps.prune import Prune
from pruning.store.footprint import footprint
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from tests.pages.look import texts, turn_to

HEALTH = Health(
    "host:7:a",
    7,
    1000.0,
    900.0,
    1000.0,
    250 * 10**6,
    2,
    (WorkerView("tcp://a", 11, 300 * 10**6, "j1", {"networks": (3, 6)}), WorkerView("tcp://b", 12, 200 * 10**6)),
    4,
    1,
    2,
    "",
    (5, 512),
    (2 * 10**6, 10**7),
    (Failure(990.0, "j0", "It broke."),),
)


def test_the_page_lists_workers_jobs_failures_and_bounds(visit: Callable[..., AppTest]) -> None:
    page = turn_to(visit(v="1", model="lenet_300_100"), "status").run()
    assert not page.exception
    study = Study(base=Base(model="lenet_5"), recipe=(Prune(sparsity=900),), measures=(MeasureSpec(name="accuracy"),))
    store().add_job(study.key, study.model_dump_json(), "ada@example.org", "elsewhere:1:x")
    store().update_job(study.key, "failed", error="The weights are not here.", ended=1.0)
    page = page.run()
    assert page.header[0].value.startswith(("All is well", "Workers are starting"))
    tables = [frame.value for frame in page.dataframe]
    listed = next(value for value in tables if "what happened" in value)
    assert "The weights are not here." in list(listed["what happened"])
    bounds = next(value for value in tables if "bound" in value)
    assert any(what.startswith("checkpoints of trainings, ") for what in bounds["what"])
    said = texts(page) + " ".join(value.to_csv() for value in tables)
    assert "ada@example.org" not in said and "sqlite://" not in said


def test_the_finding_says_what_is_free_and_what_waits() -> None:
    assert status_tables.headline(HEALTH, []) == "All is well: 1 of 2 workers free, 4 waiting"
    assert status_tables.headline(HEALTH, ["No.", "Never."]) == "No. Never."


def test_tables_count_in_megabytes_and_shares_of_bounds(visit: Callable[..., AppTest]) -> None:
    room = footprint(store())
    workers = status_tables.workers(HEALTH, {"j1": "accuracy: lenet_5"})
    assert list(workers["busy with"]) == ["accuracy: lenet_5", "free"] and list(workers["memory (MB)"]) == [300, 200]
    assert list(workers["networks"]) == ["3 of 6", ""]
    bounds = status_tables.bounds(HEALTH, room).set_index("what")
    assert bounds.loc["networks in a worker's memory, fullest worker", "full (%)"] == 50
    assert bounds.loc["size of these results", "full (%)"] == 20
    failed = status_tables.failures(HEALTH.failures, [])
    assert list(failed["what happened"]) == ["It broke."] and failed["when"][0].timestamp() == 990
    assert status_tables.figures(HEALTH, room)["Workers"] == "2 of 2"
    assert engine().health().wanted == 2
