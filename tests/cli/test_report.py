"""``report``: a file of the asked kind from what is stored; what is wrong is one sentence."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from pruning.cli.main import BAD_INPUT, DONE, FAILED, main
from pruning.study.study import MeasureSpec, Study

STUDY = Study(measures=(MeasureSpec(name="accuracy"), MeasureSpec(name="profile")))
"""Its results come with the program: nothing is computed."""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRUNING_STORE", f"sqlite:///{tmp_path / 'a.db'}")
    monkeypatch.setenv("PRUNING_ARTEFACTS", str(tmp_path / "artefacts"))
    monkeypatch.setattr("pruning.results.report.pictures.render", lambda *_, **__: b"<svg/>")
    file = tmp_path / "study.json"
    file.write_text(STUDY.model_dump_json())
    return file


def test_what_is_stored_becomes_a_file(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, out = tmp_path / "mine.md", tmp_path / "report.md.zip"
    words.write_text("My *question*.")
    given = [
        "report",
        str(study),
        "--template",
        "lab",
        "-o",
        str(out),
        "--title",
        "Mine",
        "--text",
        str(words),
        "--json",
    ]
    assert main(given) == DONE
    said = json.loads(capsys.readouterr().out)
    assert said["file"] == str(out) and said["bytes"] == out.stat().st_size
    text = zipfile.ZipFile(io.BytesIO(out.read_bytes())).read("report.md").decode()
    assert text.startswith("# Mine\n") and "My *question*." in text
    assert "84.2 (83.5 to 84.9)" in text  # 80 % of LeNet-300-100 removed: the README's number


def test_what_is_wrong_is_one_sentence(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for given, sentence, code in (
        (["-o", "report.doc"], "choose one of .pdf", BAD_INPUT),
        (["--template", "labb"], "Did you mean 'lab'?", BAD_INPUT),
        (["--text", str(tmp_path / "none.md")], "cannot be read", BAD_INPUT),
        (["-o", str(tmp_path / "no" / "folder.html")], "cannot be written", FAILED),
    ):
        assert main(["report", str(study), *given]) == code
        told = capsys.readouterr().err
        assert sentence in told and told.count("\n") == 1
