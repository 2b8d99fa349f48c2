from __future__ import annotations

import math
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from pruning.common.environment import Settings, machine
from pruning.common.errors import StoreError
from pruning.store.measures import RECENT_LETTERS
from pruning.store.schema import measures
from pruning.store.store import Store

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.dictionaries(
    st.text(), st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that hypothesis may fill."""
    folder = tmp_path_factory.mktemp("store")
    return Store.open(f"sqlite:///{folder / 'store.db'}", folder)


@effort(max_examples=25, deadline=None)
@given(value=values)
def test_what_is_put_is_what_comes_out(one_store: Store, value: dict[str, Any]) -> None:
    one_store.put("k", value, state_key="s", measure="m", model="x", device="cpu", images=None, seconds=0.1)
    assert one_store.get(["k"])["k"].value == value


def test_a_record_says_where_it_comes_from(store: Store, about: dict[str, Any]) -> None:
    store.put("k", {"correct": 91}, **about)
    found = store.get(["k", "other"])
    assert list(found) == ["k"]
    record = found["k"]
    assert (record.origin, record.machine, record.device, record.seconds) == ("stored", machine(), "cpu", 2.0)
    assert abs((datetime.now(UTC) - record.created).total_seconds()) < 60


def test_putting_twice_is_one_row_with_the_latest_value(store: Store, about: dict[str, Any]) -> None:
    store.put("k", {"correct": 1}, **about)
    store.put("k", {"correct": 2}, **about)
    assert store.get(["k"])["k"].value == {"correct": 2}
    with store.transaction() as connection:
        assert len(connection.execute(measures.select()).all()) == 1


def test_what_was_read_once_is_kept_in_memory_until_it_is_put_again_unless_it_is_long(
    store: Store, about: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("short", {"correct": 1}, **about)
    store.put("long", {"letters": RECENT_LETTERS * "a"}, **about)
    first = store.get(["short", "long", "nobody"])
    first["short"].value["correct"] = 7  # whoever changes what he got changes his own
    asked: list[str] = []
    transact = store.transact
    monkeypatch.setattr(store, "transact", lambda work: [asked.append("asked"), transact(work)][1])
    assert store.get(["short"])["short"].value == {"correct": 1} and not asked
    assert list(store.get(["short", "long"])) == ["short", "long"] and len(asked) == 1
    store.put("short", {"correct": 2}, **about)
    assert store.get(["short"])["short"].value == {"correct": 2}


def test_more_keys_than_one_query_may_hold(store: Store, about: dict[str, Any]) -> None:
    for number in range(3):
        store.put(f"k{number * 900}", {"n": number}, **about)
    found = store.get(f"k{number}" for number in range(2000))
    assert sorted(found) == ["k0", "k1800", "k900"]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nan_is_refused_by_name_of_the_key(store: Store, about: dict[str, Any], bad: float) -> None:
    with pytest.raises(StoreError, match="key17 .*NaN"):
        store.put("key17", {"loss": [1.0, bad]}, **about)
    assert store.get(["key17"]) == {}


def test_what_json_does_not_have_is_refused(store: Store, about: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="key18 .*not plain data"):
        store.put("key18", {"mask": {1, 2}}, **about)


def test_six_threads_commit_a_hundred_times_each(settings: Settings, about: dict[str, Any]) -> None:
    errors: list[Exception] = []

    def work(number: int) -> None:
        try:
            store = Store(settings)  # each its own, as worker processes have
            for row in range(100):
                store.put(f"{number}-{row}", {"n": row}, **about)
            store.put("shared", {"n": number}, **about)
            store.close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(Store(settings).get([f"{n}-{row}" for n in range(6) for row in range(100)] + ["shared"])) == 601


def test_pace_is_the_median_of_this_machine(store: Store, about: dict[str, Any]) -> None:
    assert store.pace("lenet_5", "cpu") is None
    for number, seconds in enumerate((1.0, 2.0, 50.0)):
        store.put(f"k{number}", {}, **about | {"seconds": seconds})
    store.put("other measure", {}, **about | {"measure": "bytes", "seconds": 900.0})
    store.put("no images", {}, **about | {"images": None, "seconds": 900.0})
    store.put("training", {}, **about | {"measure": "trace", "images": 600, "seconds": 3.0})
    assert store.pace("lenet_5", "cpu") == pytest.approx(0.02)
    assert store.pace("lenet_5", "cpu", "trace") == pytest.approx(0.005) and not store.pace("lenet_5", "cuda", "trace")
    assert store.pace("lenet_5", "cuda") is None
    with store.transaction() as connection:
        connection.execute(measures.update().values(machine="another"))
    assert store.pace("lenet_5", "cpu") == pytest.approx(0.02)  # a few seconds old
    store._paces.rest(0.0)
    assert store.pace("lenet_5", "cpu") is None


def test_a_full_disk_is_one_sentence(store: Store, about: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any, **_options: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr("sqlalchemy.engine.Connection.execute", full)
    with pytest.raises(StoreError, match=r"^The disk is full: nothing was stored\."):
        store.put("k", {}, **about)
