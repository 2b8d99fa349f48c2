"""Three small networks of timm lose channels: the outputs stay, and the reduction is about torch-pruning's."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import removal_agreement
from benchmarks.removal_agreement import LEVELS, NAMES, one, summary


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["timm:test_resnet", "timm:test_efficientnet", "timm:test_byobnet"])
def test_removal_keeps_outputs_and_goes_as_far(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUNING_OWN", str(tmp_path))
    found = [one(name, level) for level in LEVELS]
    assert all(row["difference"] <= 1e-4 for row in found), found
    assert all(row["ours"] >= 0.8 * row["theirs"] > 0 for row in found), found
    assert summary(found).startswith("3 of 3 small networks give") and summary(found).endswith("The others: none.")


def test_there_are_thirty() -> None:
    assert len(set(NAMES)) == 30 and len(NAMES) * len(removal_agreement.LEVELS) == 90
