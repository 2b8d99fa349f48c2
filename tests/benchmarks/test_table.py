"""What benchmarks say: figures and their promises, the JSON of a day, the report, and the README's table."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import _report, bench, faults, load
from benchmarks._person import Tally
from benchmarks._report import README, placed, report, short
from benchmarks._script import ROOT, part, script, slug
from benchmarks._table import HEAD, Figure, number, table
from benchmarks.gpu import covered
from benchmarks.load import Outcome

LIMIT = Figure.share("A", "curve", 3.3, "s", "median", "bare passes", 3.0, 1.1, True)
PEER = Figure.faster("A", "masks", 2.0, "ms", "median", "the usual", 50.0, 20)
ALONE = Figure("B", "start", 9.0, "s", "median | of five", bound="at most", wanted=8, short=True)
FREE = Figure("B", "memory", 200.0, "MB", "PSS")


def content(*parts: dict[str, Any], at: str = "2026-11-24T10:00:00+00:00") -> dict[str, Any]:
    return {
        "at": at,
        "commit": "abc",
        "machine": "Two cores",
        "versions": "Python 3",
        "load": 0.1,
        "parts": list(parts),
    }


def test_ratios_and_promises() -> None:
    assert LIMIT.ratio == pytest.approx(1.1) and PEER.ratio == 25 and ALONE.ratio is None
    assert [LIMIT.met, PEER.met, ALONE.met, FREE.met] == [LIMIT.ratio <= 1.1, True, False, None]
    slower = Figure.faster("A", "masks", 5.0, "ms", "median", "the usual", 50.0, 20)
    assert slower.ratio == 10 and slower.met is False
    assert Figure.share("A", "x", 2.0, "s", "", "limit", 1.0).met is None  # compared, but nothing was promised


@pytest.mark.parametrize("figure", [LIMIT, PEER, ALONE, FREE], ids=lambda figure: figure.name)
def test_json_and_back_is_the_same_figure(figure: Figure) -> None:
    given = json.loads(json.dumps(figure.as_json()))
    assert Figure.of_json(given) == figure and given["met"] == figure.met


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (40, "40"),
        (1234567.8, "1,234,568"),
        (0.9876, "0.988"),
        (12.345, "12.3"),
        (0.000012, "1.2e-05"),
        (0.5, "0.5"),
        (999.6, "1000"),
    ],
)
def test_numbers_have_three_digits(value: float, words: str) -> None:
    assert number(value) == words


def test_tables_are_whole() -> None:
    lines = table([*HEAD, "how"], [[*figure.cells(), figure.how] for figure in (PEER, ALONE)])
    assert lines[2] == "| masks | 2 ms | the usual: 50 ms | 25 (that / ours) | at least 20 | yes | median |"
    assert lines[3] == "| start | 9 s |  |  | at most 8 | no | median \\| of five |"
    assert slug("Intel(R) Xeon(R), 2 cores") == "intel-r-xeon-r-2-cores"


def test_the_report_has_all_and_the_readme_what_is_short() -> None:
    done = {
        "script": "curve",
        "at": "2026-11-24T10:01:00+00:00",
        "commit": "abc",
        "figures": [one.as_json() for one in (LIMIT, PEER, ALONE, FREE)],
    }
    broken = {"script": "gpu", "at": "", "commit": "abc", "error": "ended with code 1", "figures": []}
    told, shortened = report(content(done, broken)), short(content(done, broken), "day")
    assert told.count("\n| ") == 4 + 2 * 2 and told.count("\n## ") == 2
    promised = sum(figure.met is True for figure in (LIMIT, PEER, ALONE))
    assert f"{promised} of 3 figures" in told
    assert "Not measured: gpu (ended with code 1)." in told and "Not measured: gpu (ended with code 1)." in shortened
    assert (
        "| curve |" in shortened
        and "| start |" in shortened
        and "masks" not in shortened
        and "results/day.md" in shortened
    )


def test_newer_parts_take_the_place_of_older_ones_in_the_order_of_the_report() -> None:
    def one(script: str, at: str) -> dict[str, Any]:
        return {"script": script, "at": at, "figures": []}

    before = [one("slider", "1"), one("curve", "1"), one("faults", "1"), one("gone", "1")]
    found = bench.joined(before, [one("curve", "2"), one("ranking", "2")])
    assert [(part["script"], part["at"]) for part in found] == [
        ("slider", "1"),
        ("ranking", "2"),
        ("curve", "2"),
        ("faults", "1"),
    ]


def test_what_has_its_own_command_joins_on_its_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report, "RESULTS", tmp_path / "results")
    path = _report.keep("load", [ALONE])
    kept = json.loads(path.read_text())
    assert _report.separate(kept["machine"]) == [kept] and _report.separate("another") == []
    assert _report.latest() is None  # it is a part, not a day
    for day, at in (("2026-11-23-b", "2026-11-23T09:00:00"), ("2026-11-24-a", "2026-11-24T09:00:00")):
        (tmp_path / "results" / f"{day}.json").write_text(json.dumps(content(kept, at=at)))
    assert _report.latest() == tmp_path / "results" / "2026-11-24-a.json"
    monkeypatch.setattr(_report, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text(f"Above\n{_report.BEGIN}\nold\n{_report.END}\nbelow")
    _report.keep("faults", [LIMIT])
    found = json.loads(_report.latest().read_text())
    _report.latest().write_text(json.dumps(found | {"machine": kept["machine"]}))
    bench.renew()
    assert [one["script"] for one in json.loads(_report.latest().read_text())["parts"]] == ["load", "faults"]
    text = (tmp_path / "README.md").read_text()
    assert text.startswith("Above\n") and text.endswith("\nbelow") and "old" not in text and "| start | 9 s |" in text
    assert "## B" in (tmp_path / "results" / "2026-11-24-a.md").read_text()


def test_the_readme_shows_the_latest_result() -> None:
    path = _report.latest()
    found = json.loads(path.read_text()) if path else None
    text = README.read_text()
    assert text == placed(text, short(found, path.stem if path else "")), "make bench ARGS=--report writes it"
    if path and found:
        assert path.with_suffix(".md").read_text() == report(found)


def functions(path: Path) -> dict[str, list[str]]:
    """Names of a script's functions and of their arguments, without importing it."""
    tree = ast.parse(path.read_text())
    return {one.name: [arg.arg for arg in one.args.args] for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_every_benchmark_has_rows_and_every_one_with_rows_is_run() -> None:
    found = {path.stem: functions(path) for path in (ROOT / "benchmarks").glob("[a-z]*.py")}
    assert {name for name, defined in found.items() if "rows" in defined} == set(bench.SCRIPTS)
    assert all(found[name]["rows"] == ["quick"] for name in bench.SCRIPTS)


def test_a_script_prints_its_figures_and_writes_its_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "part.json"
    monkeypatch.setattr(sys, "argv", ["benchmarks/curve.py", "--quick", "--json", str(path)])
    script(lambda quick: [LIMIT] if quick else [], "Words.")
    written = json.loads(path.read_text())
    assert written["script"] == "curve" and written["quick"] and written["figures"] == [LIMIT.as_json()]
    assert {"at", "commit", "machine"} <= part("x", []).keys() <= written.keys()
    assert "bare passes: 3 s" in capsys.readouterr().out


def test_busy_time_counts_overlaps_once() -> None:
    assert covered([(0, 4), (1, 2), (3, 6), (8, 9)]) == 7 and covered([]) == 0


def test_load_and_faults_say_what_was_promised() -> None:
    jobs, held = {"a": ["started"], "b": ["done", "done"]}, {"server": (80.0, 100.0, 120.0)}
    outcome = Outcome(Tally(errors=["late"]), jobs, held)
    response, wrong, memory = load.figures(outcome, 0.25, 30, 180.0)
    assert (response.value, response.met) == (250, True)
    assert (wrong.value, wrong.met) == (3, False)  # an error, a job without an end, one computed twice
    assert memory.ratio == pytest.approx(1.2) and memory.met is False
    played: list[Any] = [("kill a worker", SimpleNamespace(wrong=[], struck=at), 1.0) for at in (True, False)]
    well, struck = faults.figures(played, 7)
    assert (well.value, well.met, struck.value) == (0, True, 1) and well.name.startswith("Of 2 faults")
    played[0][1].wrong.append("The database is damaged.")
    assert faults.figures(played, 7)[0].met is False
