"""The archive holds what it says, under names that any system takes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from importlib.metadata import version

import pandas as pd
import pytest
from choreographer.browsers.chromium import Chromium
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning.results.charts.base import Chart
from pruning.results.report.bundle import bundle, safe, unique


def opened(data: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return archive


def make(charts: list[Chart], pictures: bool) -> bytes:
    return bundle(
        charts,
        {"model": "resnet20", "sparsities": [0, 975]},
        {"Run it again": "pruning run study.json"},
        {"flips at 97.5 %": pd.DataFrame({"position": [7]})},
        "Notes with {braces}.",
        "" if pictures else "There is no browser.",
    )


@pytest.mark.browser
@pytest.mark.skipif(not Chromium.find_browser(skip_local=False), reason="no Chrome or Chromium")
def test_each_chart_comes_in_two_widths_and_three_formats(make_chart: Callable[..., Chart]) -> None:
    archive = opened(make([make_chart("layer-map")], pictures=True))
    assert archive.namelist() == [
        "README.txt",
        "commands.txt",
        "data/flips-at-97.5.csv",
        "data/layer-map.csv",
        "figures/layer-map-170mm.pdf",
        "figures/layer-map-170mm.png",
        "figures/layer-map-170mm.svg",
        "figures/layer-map-85mm.pdf",
        "figures/layer-map-85mm.png",
        "figures/layer-map-85mm.svg",
        "study.json",
        "versions.json",
    ]
    starts = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<svg"}
    for name in archive.namelist():
        if name.startswith("figures/"):
            assert archive.read(name).startswith(starts[name[-3:]]), name


def test_numbers_settings_versions_and_commands_can_be_read_back(make_chart: Callable[..., Chart]) -> None:
    archive = opened(make([make_chart("a", "Accuracy falls by 3 %")], pictures=False))
    table = pd.read_csv(io.BytesIO(archive.read("data/a.csv")))
    pd.testing.assert_frame_equal(table, make_chart("a").table)
    assert json.loads(archive.read("study.json")) == {"model": "resnet20", "sparsities": [0, 975]}
    found = json.loads(archive.read("versions.json"))
    assert found["packages"]["plotly"] == version("plotly") and found["python"].startswith("3.")
    assert archive.read("commands.txt").decode() == "# Run it again\npruning run study.json\n"
    readme = archive.read("README.txt").decode()
    assert (
        "Notes with {braces}." in readme
        and "a: Accuracy falls by 3 %" in readme
        and "left out. There is no browser." in readme
    )


def test_the_same_findings_give_the_same_bytes(make_chart: Callable[..., Chart]) -> None:
    assert make([make_chart()], pictures=False) == make([make_chart()], pictures=False)


def test_charts_of_one_name_do_not_overwrite_each_other(make_chart: Callable[..., Chart]) -> None:
    names = opened(make([make_chart("Mask/../conv"), make_chart("mask-..-conv")], pictures=False)).namelist()
    assert {"data/Mask-..-conv.csv", "data/mask-..-conv-2.csv"} <= set(names)


@settings(deadline=None)
@given(st.lists(st.text(max_size=100), max_size=8))
def test_names_are_safe_and_distinct(names: list[str]) -> None:
    result = unique(names)
    assert len({name.casefold() for name in result}) == len(names)
    for name in result:
        assert name and name.isascii() and not set(name) & set('/\\:*?"<>| ') and name[0] not in ".-"


def test_safe_keeps_what_is_fine() -> None:
    assert safe("layer-map_2.1") == "layer-map_2.1" and safe("///") == "unnamed"
