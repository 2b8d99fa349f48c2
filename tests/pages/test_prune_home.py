"""What leaves the page Prune, and images of folders that hold few."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.setting import Setting
from pages.prune import flips, take_home
from pages.shared.answers import Answer
from pruning.common.errors import Missing
from pruning.results.charts.accuracy_curve import accuracy_curve
from pruning.results.charts.base import Chart
from pruning.results.frames import curve_frame
from pruning.results.report import bundle

ROOT = Path(__file__).resolve().parents[2]


def chart() -> Chart:
    value = {"count": 100, "correct": 90, "dense_correct": 91}
    return accuracy_curve(curve_frame([(500, "pruned", value, "computed")]), 500, 0.91, 0.1)


def changed(count: int, images: int) -> dict[str, Any]:
    one = {"label": 1, "before": 1, "before_confidence": 0.9, "after": 2, "after_confidence": 0.5}
    return {"count": images, "changed": count, "flips": [{"position": n} | one for n in range(min(count, 12))]}


@pytest.mark.parametrize(
    ("count", "images", "origin", "words"),
    [
        (3, 40, "computed", "3 of 40 predictions changed"),
        (3, 40, "stored", "3 of 40 predictions changed"),
        (0, 40, "bundled", "No prediction changed on 40 images"),
        (3, 40, "partial", "Looking for images"),
        (0, 40, "partial", "Looking for images"),
        (3, 5000, "partial", "Looking for images"),
        (20, 40, "partial", "20 of 40 predictions changed"),
    ],
)
def test_changed_images_are_shown_when_all_were_looked_at_however_few(
    count: int, images: int, origin: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = Answer(changed(count, images), origin)
    found = Answer({"images": [np.zeros((28, 28), np.uint8)] * min(count, 12)}, "stored")
    monkeypatch.setattr(flips, "answers", lambda setting, norm: {"pruned": pruned})
    monkeypatch.setattr(flips, "ask", lambda study, slot: found)
    monkeypatch.setattr(flips, "show", lambda *args, **named: None)

    def script() -> None:
        from pages.choices.setting import Setting
        from pages.prune import flips

        flips.flipped(Setting(model="lenet_300_100"), False)

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert words in page.caption[0].value


def test_without_a_browser_the_zip_is_a_zip_without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*args: Any, **named: Any) -> bytes:
        raise Missing("No Chrome was found.")

    monkeypatch.setattr(bundle, "render", none)
    archive = zipfile.ZipFile(io.BytesIO(take_home.everything(Setting(model="lenet_300_100"), {"curve": chart()})))
    names = archive.namelist()
    assert "study.json" in names and any(name.startswith("data/") for name in names)
    assert not any(name.startswith("figures/") for name in names)
    assert "No Chrome was found." in archive.read("README.txt").decode()


def test_tables_are_read_by_excel_and_by_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"× and Σ": ["größer"], "n": [1]})
    raw = bundle.bundle([], {}, {}, {"sums": table}, "", "none")
    files = [zipfile.ZipFile(io.BytesIO(raw)).read("data/sums.csv"), chart().csv()]
    assert all(content.startswith(b"\xef\xbb\xbf") for content in files)
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(files[0])), table)
    places = [path for folder in ("pages", "pruning") for path in (ROOT / folder).rglob("*.py")]
    assert [path.name for path in places if ".to_csv(" in path.read_text()] == ["csv_files.py"]


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ((), "", "a process without this package reads the file"),
        (({"value": {"check": "Checked: all its tensors are those of the network."}},), "", "Checked: all its tensors"),
        ((), "torch cannot export this network.", "torch cannot export"),
    ],
)
def test_the_check_of_a_file_is_shown(
    rows: tuple[Any, ...], error: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = SimpleNamespace(rows=rows, error=error)
    monkeypatch.setattr(take_home, "job", lambda study: view if rows or error else None)

    def script() -> None:
        from pages.choices.setting import Setting
        from pages.prune import take_home

        take_home._whole(Setting(model="lenet_300_100"))

    page = AppTest.from_function(script).run()
    assert not page.exception and words in page.caption[0].value
    assert len(page.selectbox[0].options) == 4
