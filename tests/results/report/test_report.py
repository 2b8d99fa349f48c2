"""Documents: all parts are there, what is missing is named, words of people stay words, the same bytes twice."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pandas as pd
import pytest
from pypdf import PdfReader

from pruning.common.errors import BadValue, Missing, UnknownName
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.results.report import drawings
from pruning.results.report.blocks import PrintedTable
from pruning.results.report.citations import Cited, bibtex, parsed
from pruning.results.report.evidence import Evidence
from pruning.results.report.items import Item
from pruning.results.report.kinds import formats, templates
from pruning.results.report.limits import checklist, limitations
from pruning.results.report.parts import study_text
from pruning.results.report.report import Report
from pruning.study.study import MeasureSpec, Study, load_study
from pruning.zoo.kinds import datasets, models

HOSTILE = '<script>alert(1)</script> #panic("x") \\input{/etc/passwd} $x$ [a](javascript:alert(1)) ]); "quoted" @k'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40"><text x="5" y="20">axis</text></svg>'


def run_of(levels: tuple[int, ...] = (500, 900), seeds: tuple[int, ...] = (0,), scorer: str = "wanda") -> Evidence:
    study = Study.model_validate(
        {
            "recipe": [{"kind": "prune", "scorer": scorer, "allocation": "uniform"}],
            "axes": {"seed": seeds, "0.sparsity": levels},
            "measures": [MeasureSpec(name="accuracy")],
        }
    )
    value = {"count": 1000, "correct": 700, "dense_correct": 900, "lost": 210, "gained": 10}
    rows = [{"coordinates": cell.coordinates, "measure": "accuracy", "value": value} for cell in study.cells()]
    return Evidence(study, tuple(rows), machines=("vm: a processor, 2 cores",))


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts of a fixed drawing: that browsers draw is tested elsewhere."""
    monkeypatch.setattr("pruning.results.report.pictures.render", lambda *_, **__: SVG)


@pytest.mark.parametrize("suffix", [formats[name].suffix for name in formats])
@pytest.mark.parametrize("template", list(templates))
def test_same_store_same_bytes_and_all_is_said(template: str, suffix: str) -> None:
    report = Report((Item("run", "first", run_of()),), "A title", f"Mine: {HOSTILE}", template)
    made = report.write(f"report{suffix}")
    assert made == report.write(f"report{suffix}")
    if suffix == ".pdf":
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    elif suffix == ".html":
        text = made.decode()
    else:
        files = zipfile.ZipFile(io.BytesIO(made))
        text = files.read("report.md" if suffix == ".md.zip" else "report.tex").decode()
        assert load_study(files.read("study.json")) == report.runs[0].study
        assert files.read("data/figure1.csv")
        assert b"sun2024" in files.read("references.bib")
    flat = re.sub(r"\s+", " ", text)
    assert "70.0 (67.1 to 72.8)" in flat  # Wilson's interval of 700 of 1,000
    for fact in ("A title", "Wanda", "Fashion-MNIST", "a processor, 2 cores", "Too few seeds", "No time was measured"):
        assert fact in flat, fact


def test_words_of_people_stay_words() -> None:
    report = Report((Item("run", "", run_of((900,))),), HOSTILE, HOSTILE)
    page = report.write("x.html").decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="javascript' not in page
    tex = zipfile.ZipFile(io.BytesIO(report.write("x.tex.zip"))).read("report.tex").decode()
    assert "\\input{" not in tex.replace("\\usepackage[utf8]{inputenc}", "")
    assert r"\textbackslash{}input\{/etc/passwd\}" in tex
    text = PdfReader(io.BytesIO(report.write("x.pdf"))).pages[0].extract_text()
    assert '#panic("x")' in re.sub(r"[“”]", '"', text)


def test_without_browser_charts_are_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    def render(*_: object, **__: object) -> bytes:
        raise Missing("no browser")

    monkeypatch.setattr("pruning.results.report.pictures.render", render)
    pages = PdfReader(io.BytesIO(Report((Item("run", "", run_of()),)).write("x.pdf"))).pages
    assert "no browser on this machine" in re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_fonts_of_a_pdf_are_embedded() -> None:
    reader = PdfReader(io.BytesIO(Report((Item("run", "", run_of()),)).write("x.pdf")))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        (inner,) = font["/DescendantFonts"]
        assert {"/FontFile2", "/FontFile3"} & set(inner.get_object()["/FontDescriptor"])


def test_what_is_missing_is_named() -> None:
    lines = {line[0]: line[1:] for line in checklist([run_of()]).lines}
    assert len(lines) == 17
    assert lines["A random baseline"] == ("missing", "add the scorer 'random'")
    assert lines["Several runs with separate seeds"] == ("missing", "1 seed")
    assert lines["Architecture cited"][0] == "yes"
    many = [run_of(tuple(range(100, 600, 100)), (0, 1, 2)), run_of((100,), (0, 1, 2), "random")]
    assert {line[0]: line[1] for line in checklist(many).lines}["A random baseline"] == "yes"
    said = " ".join(limitations(many))
    assert "Too few seeds" not in said
    assert "levels of sparsity" not in said
    assert "Multiply-accumulates (MACs) were not counted" in said


def test_every_reference_of_the_program_can_be_cited() -> None:
    cite = Cited()
    for registry in (scorers, granularities, allocations, models, datasets):
        for name in registry:
            for part in registry[name].reference.split(";"):
                if part.strip():
                    assert parsed(part) is not None, part
                    assert "[@" in cite(part)
    keys = [work.key for work in cite.works]
    assert len(keys) == len(set(keys)) > 30
    assert bibtex(cite.works).count("@misc{") == len(keys)
    assert cite("Han et al. 2015") == "Han et al. 2015 [@han2015]"


@pytest.mark.parametrize("name", list(scorers))
def test_every_formula_is_drawn(name: str) -> None:
    assert drawings.formula_svg(scorers[name].formula).startswith("<svg")
    assert "<math" in drawings.formula_mathml(scorers[name].formula)


def test_items_keep_their_order_and_sources() -> None:
    frame = pd.DataFrame({"layer": ["fc1", "fc2"], "share": [0.123456, 2.0]})
    link = "http://localhost/prune?model=lenet_5"
    items = (Item("finding", "", "It **holds**.", link), Item("table", "Shares", frame))
    text = zipfile.ZipFile(io.BytesIO(Report(items, "T").write("x.md.zip"))).read("report.md").decode()
    assert text.index("It **holds**.") < text.index(link) < text.index("| fc1 | 0.1235 |") < text.index("| fc2 | 2.0 |")
    assert "No run is part of this report" in text


def test_study_text_is_the_study() -> None:
    study = run_of((500, 900), (0, 1)).study
    assert load_study(study_text(study)) == study
    assert json.loads(study_text(study))["recipe"] == [{"kind": "prune", "scorer": "wanda", "allocation": "uniform"}]


def test_a_report_that_cannot_be_is_refused() -> None:
    with pytest.raises(BadValue, match="1 to 100 items"):
        Report(())
    with pytest.raises(UnknownName, match="Did you mean 'lab'"):
        Report((Item("finding", "", "x"),), template="labb")
    with pytest.raises(BadValue, match="compute it first"):
        Report((Item("run", "", Evidence(run_of().study, ())),))
    with pytest.raises(BadValue, match=re.escape("choose one of .pdf, .html, .md.zip, .tex.zip")):
        Report((Item("finding", "", "x"),)).write("x.doc")


def test_sizes_of_splits_are_those_of_the_data() -> None:
    data = datasets["fashion_mnist"]
    assert data.sizes == tuple(len(data().load(split).labels) for split in ("train", "validation", "test"))


def test_numbers_stand_to_the_right() -> None:
    assert PrintedTable(("a", "b"), (("x", "−1"), ("2", "< 3"))).numbers == (False, True)
