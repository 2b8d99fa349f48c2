"""What the store says when it fails stands on the page, for every page and for what a person does there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import frame
from pages.shared.navigation import listed
from pages.shared.server import engine, store
from pruning.common.environment import ROOT, Settings
from pruning.common.errors import StoreError
from pruning.engine.engine import Engine
from pruning.store.store import Store
from tests.pages.look import PATIENCE, turn_to

FULL = "The disk is full: nothing was stored. Free some space and try again."


def fails(*_: Any, **__: Any) -> NoReturn:
    raise StoreError(FULL)


def damaged(place: Path) -> None:
    place.write_bytes(b"no database at all " * 300)


def newer(place: Path) -> None:
    opened = Store.open(f"sqlite:///{place}", place.parent)
    with opened.transaction() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = 99")
    opened.close()


@pytest.mark.parametrize(("spoil", "said"), [(damaged, "is damaged or no database"), (newer, "version 99")])
def test_a_server_that_cannot_open_its_store_says_why_on_every_page(
    spoil: Callable[[Path], None], said: str, tmp_path: Path, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(tmp_path / "a.db")
    monkeypatch.setattr(frame, "engine", lambda: Engine(Settings(store=f"sqlite:///{tmp_path}/a.db")))
    for one in listed():
        page = turn_to(AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE), one.name).run()
        assert not page.exception and said in page.error[0].value, one.name


def test_a_full_disk_is_said_where_a_run_is_kept_and_kept_is_not(
    visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(model="lenet_300_100", sparsity="61.7")  # no other test keeps this one
    monkeypatch.setattr(Store, "keep_run", fails)
    page.button(key="keep").click().run()
    assert not page.exception and [error.value for error in page.error] == [FULL] and not page.toast
    monkeypatch.undo()
    before = store().count_runs()
    page.button(key="keep").click().run()
    assert store().count_runs() == before + 1 and "Kept" in page.toast[0].value and not page.error


@pytest.mark.parametrize("name", ["runs", "status"])
def test_pages_that_read_the_store_say_when_it_cannot_be_read(
    name: str, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine()
    for method in ("count_runs", "runs", "failed"):
        monkeypatch.setattr(Store, method, fails)
    page = turn_to(AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE), name).run()
    shown = [*page.error, *page.header]
    assert not page.exception and FULL in [element.value for element in shown]
    assert not any("All is well" in element.value for element in shown)
