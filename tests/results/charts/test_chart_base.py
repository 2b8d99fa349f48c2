"""Words, titles and colours that all charts share."""

from __future__ import annotations

import html
import itertools
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning.common.errors import BadValue
from pruning.results.charts.base import Chart, config, labels, percent, short
from pruning.results.charts.palette import INK, PAPER, ROLES, template
from pruning.results.charts.sketch import Sketch
from pruning.results.charts.words import GLOSSARY, tip
from pruning.results.csv_files import csv_bytes


def chart(title: str) -> Chart:
    def draw(theme: str) -> Sketch:
        figure = Sketch()
        figure.add_scatter(y=[1, 2])
        return figure.update_layout(height=300, margin={"t": 20})

    return Chart("some", title, "alt", pd.DataFrame({"a_count": [1]}), draw)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_can_be_seen_and_words_read_on_the_paper(theme: str) -> None:
    assert contrast(INK[theme], PAPER[theme]) >= 7
    for name, role in ROLES.items():
        least = 2 if name == "removed" else 3  # removed is only ever an area with an outline, pattern or mark
        assert contrast(role.colour(theme), PAPER[theme]) >= least, name


def test_each_meaning_has_its_own_colour_dash_and_symbol() -> None:
    for (_, one), (_, other) in itertools.combinations(ROLES.items(), 2):
        assert one.light != other.light and one.dark != other.dark
        assert (one.dash, one.symbol) != (other.dash, other.symbol)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_templates_are_solid_and_large_enough(theme: str) -> None:
    layout = template(theme).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == PAPER[theme]
    assert layout.font.size >= 14
    assert layout.font.family.endswith("sans-serif")


def test_figure_takes_the_theme_and_refuses_another() -> None:
    assert chart("One").figure("dark").layout.template.layout.paper_bgcolor == PAPER["dark"]
    with pytest.raises(BadValue, match="purple"):
        chart("One").figure("purple")


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text("abcdefghij", min_size=1, max_size=11), min_size=1, max_size=40), st.integers(200, 900))
def test_title_loses_no_word_and_the_drawing_keeps_its_height(words: list[str], width: int) -> None:
    figure = chart(" ".join(words)).figure("light", width)
    lines = figure.layout.title.text.split("<br>")
    assert " ".join(lines).split() == words
    assert max(map(len, lines)) <= max(12, width / 9)
    one_line = chart("a").figure("light", width)
    assert figure.layout.height - figure.layout.margin.t == one_line.layout.height - one_line.layout.margin.t == 280


def test_a_title_with_markup_is_shown_as_it_is() -> None:
    text = chart("<b>layer</b> & co").figure().layout.title.text
    assert "<b>" not in text and html.unescape(text) == "<b>layer</b> & co"


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_what_is_not_quite_none_or_all_never_reads_so(share: float) -> None:
    assert percent(share) not in (percent(0.0), percent(1.0))


def test_percent_reads_well() -> None:
    said = [percent(share).replace("\u00a0", " ") for share in (0, 0.8, 0.9734, 1, 0.0001, 0.99999)]
    assert said == ["0 %", "80 %", "97.3 %", "100 %", "<0.1 %", ">99.9 %"]
    assert percent(0.0049, 0).startswith("<1") and percent(0.4, 0).startswith("40")


def test_labels_leave_out_what_all_share_and_mark_the_selected() -> None:
    names = [f"features.stage{stage}.block.depthwise.conv" for stage in range(3)]
    assert labels(names, 20, names[1]) == ["stage0.block", "<b>stage1.block</b>", "stage2.block"]
    assert labels(["conv1", "fc"], 20) == ["conv1", "fc"]
    assert labels(["a<b>"], 20) == ["a&lt;b&gt;"]


@settings(deadline=None, max_examples=30)
@given(st.text("abc.", min_size=1, max_size=60), st.integers(5, 30))
def test_short_fits_and_keeps_both_ends(name: str, most: int) -> None:
    said = short(name, most)
    assert len(said) == min(len(name), most)
    assert said[0] == name[0] and said[-1] == name[-1]


def test_config_saves_svg_under_the_charts_name() -> None:
    options = config("layer-map")
    assert options["toImageButtonOptions"] == {"format": "svg", "filename": "layer-map", "scale": 1}
    assert options["displaylogo"] is False


def test_glossary_is_sentences_found_in_any_case() -> None:
    for term in ("Sparsity", "layer collapse", "MAC", "Wilson interval", "per mille", "zstd"):
        assert tip(term) == GLOSSARY.get(term, GLOSSARY.get(term.lower())) != ""
    assert tip("nonsense") == ""
    for term, sentence in GLOSSARY.items():
        assert sentence[-1] == "." and sentence[0].isupper() and len(sentence) <= 120, term


def test_charts_and_report_load_neither_torch_nor_streamlit() -> None:
    script = (
        "import importlib, pkgutil, sys, pruning.results.charts, pruning.results.report\n"
        "for room in (pruning.results.charts, pruning.results.report):\n"
        "    for module in pkgutil.iter_modules(room.__path__, room.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "print([name for name in ('torch', 'streamlit', 'sqlalchemy') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_a_spreadsheet_runs_nothing_of_a_csv() -> None:
    table = pd.DataFrame({"run": ["=HYPERLINK(1)", "+1", "@x", "-y", "plain"], "value": [-1.0, 2.0, 3.0, 4.0, 5.0]})
    rows = csv_bytes(table).decode("utf-8-sig").splitlines()
    assert rows == ["run,value", "'=HYPERLINK(1),-1.0", "'+1,2.0", "'@x,3.0", "'-y,4.0", "plain,5.0"]
