from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pruning.common.environment import Settings
from pruning.common.errors import BadValue, Incompatible, Missing, StoreError
from pruning.steps.prune import Prune
from pruning.store.describe import describe
from pruning.store.persons import identity
from pruning.store.runs import COLUMNS
from pruning.store.store import Store
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base


def study(**axes: Any) -> Study:
    names = {name.replace("_0_", "0."): values for name, values in axes.items()}
    return Study(base=Base(), recipe=(Prune(sparsity=900),), axes=names, measures=(MeasureSpec(name="accuracy"),))


def keep(store: Store, owner: str = "ada", **changes: Any) -> str:
    about: dict[str, Any] = {"name": "A run", "kept": True, "seconds": 2.0, "summary": {"accuracy": 0.9}}
    return store.keep_run(study().model_dump_json(), owner=owner, **about | changes)


def test_the_same_study_of_the_same_owner_is_one_run_brought_up_to_date(store: Store) -> None:
    first = keep(store, note="why")
    again = keep(store, name="", kept=False, seconds=3.0, summary={"accuracy": 0.91})
    other = keep(store, owner="bob")
    assert first == again != other
    run = store.run(first)
    assert (run.name, run.note, run.kept, run.seconds) == ("A run", "why", True, 3.0)
    assert run.summary == {"accuracy": 0.91}
    assert Study.model_validate_json(run.study) == study()
    assert len(store.runs()) == 2


def test_the_table_has_the_columns_of_every_summary(store: Store) -> None:
    assert list(store.runs().columns) == list(COLUMNS) and store.runs().empty
    keep(store)
    keep(store, owner="bob", summary={"bytes": 7})
    table = store.runs()
    assert list(table.columns) == [*COLUMNS, *[name for name in table.columns if name in ("accuracy", "bytes")]]
    row = table.set_index("owner").loc["ada"]
    assert (row["model"], row["scorer"], row["sparsity"], row["accuracy"]) == (
        "lenet_300_100",
        "magnitude_l1",
        "90 %",
        0.9,
    )
    assert str(table["created"].dtype).startswith("datetime64") and "UTC" in str(table["created"].dtype)


def test_axes_are_described_in_words() -> None:
    words = describe(study(_0_sparsity=(0, 500, 900, 990), _0_scorer=("magnitude_l1", "random"), model=("lenet_5",)))
    assert words["sparsity"] == "0 to 99 % (4 levels)"
    assert (words["scorer"], words["model"], words["allocation"]) == ("magnitude_l1, random", "lenet_5", "global")
    assert describe(study(_0_sparsity=(955, 500)))["sparsity"] == "50, 95.5 %"


def test_with_owners_only_ones_own_run_can_be_changed(settings: Settings) -> None:
    store = Store(replace(settings, owners=True))
    run = keep(store)
    for change in (
        lambda: store.delete_run(run, "bob"),
        lambda: store.note_run(run, "mine", "bob"),
        lambda: store.rename_run(run, "Mine", "bob"),
    ):
        with pytest.raises(Incompatible, match="another person's: only its owner"):
            change()
    store.note_run(run, "because", "ada")
    store.rename_run(run, "Better", "ada")
    assert (store.run(run).note, store.run(run).name) == ("because", "Better")
    store.delete_run(run, "ada")
    with pytest.raises(Missing, match="no run"):
        store.run(run)


def test_without_owners_anybody_may(store: Store) -> None:
    run = keep(store)
    store.delete_run(run, "bob")
    with pytest.raises(Missing):
        store.delete_run(run, "bob")


def test_what_cannot_be_kept_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not plain data"):
        keep(store, summary={"accuracy": float("nan")})
    with pytest.raises(BadValue, match="not JSON"):
        store.keep_run("{", owner="ada", name="x", kept=True, seconds=0, summary={})
    assert store.runs().empty


OLD, ADA, EVE = "ada@example.org", identity("https://id.example.org", "1"), identity("https://id.example.org", "2")


def test_an_address_s_runs_are_claimed_once_and_keep_their_ids(settings: Settings) -> None:
    store = Store(replace(settings, owners=True))
    run = keep(store, owner=OLD)
    store.add_job("j1", study().model_dump_json(), OLD)
    assert store.claim_address(OLD, ADA) == 1
    assert store.claim_address(OLD, EVE) == 0  # another subject with the same address comes too late
    assert store.run(run).owner == ADA and store.job("j1").owner == ADA  # ty: ignore
    with pytest.raises(Incompatible, match="only its owner"):
        store.delete_run(run, EVE)
    assert keep(store, owner=ADA, note="again") == run and len(store.runs()) == 1  # kept again it is the same run
    assert keep(store, owner=EVE) != run
    store.delete_run(run, ADA)


@pytest.mark.parametrize("address", ["local", "", "a b@c", ADA, "@", "a@"])
def test_nothing_but_an_address_can_be_claimed(store: Store, address: str) -> None:
    with pytest.raises(BadValue, match="mail address"):
        store.claim_address(address, ADA)


@pytest.mark.parametrize("person", ["", "ada", OLD, "https://id.example.org ", "https://id.example.org 1 2"])
def test_runs_are_given_to_persons_only(store: Store, person: str) -> None:
    with pytest.raises(BadValue, match="issuer and a subject"):
        store.claim_address(OLD, person)


def test_what_a_person_may_store_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = keep(store, name="n" * 5_000)
    assert store.run(run).name == "n" * 200
    for act in (
        lambda: store.note_run(run, "x" * 20_000_000, "ada"),
        lambda: store.rename_run(run, "x" * 201, "ada"),
        lambda: keep(store, note="x" * 10_001),
        lambda: keep(store, summary={"a": "x" * 20_001}),
        lambda: store.keep_run(
            study().model_dump_json() + " " * 2**20, owner="ada", name="", kept=True, seconds=0, summary={}
        ),
    ):
        with pytest.raises(BadValue, match=r"at most [\d,]+ (letters|bytes)"):
            act()
    store.note_run(run, "x" * 10_000, "ada")
    assert len(store.runs()["note"][0]) == 300 and len(store.run(run).note) == 10_000
    monkeypatch.setattr("pruning.store.runs.RUNS_OF_ONE", 3)
    worked = [keep_level(store, level, kept=False) for level in (100, 200)]
    third = keep_level(store, 300)
    assert set(store.runs()["id"]) == {run, worked[1], third}, "the oldest that nobody kept has made room"
    fourth = keep_level(store, 400)
    with pytest.raises(BadValue, match="You keep 3 runs, and no more are kept"):
        keep_level(store, 500)
    assert keep_level(store, 400) == fourth and keep(store, owner="bob") in set(store.runs()["id"])


def keep_level(store: Store, level: int, kept: bool = True) -> str:
    text = study(_0_sparsity=(level,)).model_dump_json()
    return store.keep_run(text, owner="ada", name="", kept=kept, seconds=0, summary={})


def test_runs_are_listed_by_page_and_found_by_words(store: Store) -> None:
    for number in range(7):
        keep(store, owner=f"person {number}", name=f"Run {number} 100%_", note="Fine" if number % 2 else "")
    assert store.count_runs() == 7 and len(store.runs(limit=3)) == 3
    assert list(store.runs(words="fine PERSON")["owner"]) == ["person 5", "person 3", "person 1"]
    assert len(store.runs(words="100%_")) == 7 and store.runs(words="100_%").empty and store.runs(words="absent").empty
