"""The Report page: filled from charts and runs, put in order, taken home."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pandas as pd
import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from pages.report import exports
from pages.shared.collect import KEPT
from pruning.results.report.items import Item
from pruning.results.report.report import Report
from tests.pages.look import texts, turn_to

Visit = Callable[..., AppTest]


def test_an_empty_report_teaches(visit: Visit) -> None:
    page = turn_to(visit(v="1", model="lenet_300_100"), "report").run()
    assert not page.exception
    assert "Add to report" in texts(page)


def test_a_setting_becomes_a_report(visit: Visit) -> None:
    page = visit(v="1", model="lenet_300_100", sparsity="90")
    page.button(key="report_run").click().run()
    page.button(key="report_run").click().run()  # once is enough
    turn_to(page, "report").run()
    assert not page.exception
    (item,) = page.session_state[KEPT]
    assert item.kind == "run" and item.content.lacking <= 1  # sizes are measured when somebody looks at them
    report = Report((item,), "Mine")
    text = zipfile.ZipFile(io.BytesIO(exports.file(report, ".md.zip"))).read("report.md").decode()
    assert "76.3 (75.4 to 77.1)" in text  # as the README says of this network
    assert len(PdfReader(io.BytesIO(exports.file(report, ".pdf"))).pages) >= 2
    assert "Preview of the text" in [fold.label for fold in page.expander]


def test_items_are_ordered_and_removed(visit: Visit) -> None:
    page = visit(v="1", model="lenet_300_100")
    page.session_state[KEPT] = [Item("finding", name, name) for name in ("first", "second *bold*")]
    turn_to(page, "report").run()
    assert page.button(key="report_up_0").disabled and page.button(key="report_down_1").disabled
    page.button(key="report_down_0").click().run()
    assert [item.title for item in page.session_state[KEPT]] == ["second *bold*", "first"]
    page.text_input(key="report_title").set_value("Kept").run()
    page.button(key="report_out_0").click().run()
    assert [item.title for item in page.session_state[KEPT]] == ["first"]
    turn_to(page, "runs").run()
    turn_to(page, "report").run()
    assert page.text_input(key="report_title").value == "Kept"


def test_what_cannot_be_made_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    from pruning.common.errors import Missing

    def write(*_: object) -> bytes:
        raise Missing("typst is not here.")

    monkeypatch.setattr(Report, "write", write)
    table = Item("table", "t", pd.DataFrame({"a": [1]}))
    assert exports.file(Report((table,)), ".pdf") == b"typst is not here.\n"
