"""The quick part of ``make attack``: no stranger gets in, and nobody else notices that they tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks._attacks import DRAWN, KINDS, Kind
from benchmarks.attack import PAGE, attack, placed, table


@pytest.mark.slow
def test_every_attempt_of_the_quick_part_is_survived(tmp_path: Path) -> None:
    found = attack(tmp_path, [name for name in KINDS if name != "files"], quick=True)
    assert len(found) == len(KINDS) - 1 and all(kind.attempts for kind, _ in found)
    assert [wrong for kind, _ in found for wrong in kind.wrong] == []


def test_an_attempt_that_gets_through_is_counted() -> None:
    kind = Kind("doors")
    for ok in (True, False, True):
        kind.tried(ok, "open")
    assert kind.wrong == ["open"]
    assert table([(kind, 1.0)]).splitlines()[2:] == ["| doors | 3 | 2 |", "| all | 3 | 2 |"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("![x](https://stranger.example/a.png)", True),
        ("so [win](https://stranger.example) it", True),
        (r"\!\[x\]\(https://stranger.example/a.png\)", False),
        ("`x` https://example.org", False),
    ],
)
def test_what_markdown_would_draw_is_seen(text: str, seen: bool) -> None:
    assert bool(DRAWN.search(text)) is seen


def test_the_page_on_security_holds_the_table_of_a_whole_run() -> None:
    text = PAGE.read_text()
    lines = re.findall(r"^\| (.+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    *kinds, (_, attempts, survived) = lines
    assert len(kinds) == len(KINDS)
    assert sum(int(tried) for _, tried, _ in kinds) == int(attempts) and int(survived) == int(attempts)
    assert placed(text, "new").count("new\n<!-- /attack -->") == 1
