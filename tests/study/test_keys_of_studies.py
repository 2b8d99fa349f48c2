"""Keys of stored results outlast every move of the code: twenty-two studies, with their keys as they were on
1 December 2026. A line of ``keys.json`` changes only where its own scorer, step or measure gives other results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pruning.study.study import Study

KNOWN = json.loads((Path(__file__).parent / "keys.json").read_text())


def test_they_are_many_and_differ() -> None:
    assert len(KNOWN) >= 20 and len({one["key"] for one in KNOWN}) == len(KNOWN)
    kinds = {step["kind"] for one in KNOWN for step in one["study"].get("recipe", [])}
    assert kinds == {"prune", "recalibrate", "rewind", "shuffle", "train", "quantize", "remove", "student"}


@pytest.mark.parametrize("known", KNOWN, ids=range(len(KNOWN)))
def test_a_study_has_the_keys_of_that_day(known: dict[str, Any]) -> None:
    study = Study.model_validate(known["study"])
    cells = [
        [cell.state_key, *(cell.measure_key(spec, "a machine") for spec in study.measures)] for cell in study.cells()
    ]
    assert study.key == known["key"]
    assert cells == known["cells"]
