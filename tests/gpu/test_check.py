"""The check of a GPU: its smoke part on this processor, what it does where there is none, and what it must not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pruning.common.environment import ROOT
from tests.gpu import check
from tests.gpu.roads import Road, alike

BARRED = (
    *("sqlalchemy", "alembic", "psycopg", "dask", "distributed", "psutil", "streamlit", "plotly", "kaleido", "tqdm"),
    *("torchvision", "torch_pruning", "onnx", "onnxscript", "onnxruntime", "zstandard", "PIL", "pytest", "hypothesis"),
)
"""What a bare machine with a GPU does not have: it has torch, numpy, pandas, scipy, safetensors and pydantic."""
WITHOUT = f'''
import sys, torch

class Without:
    """A finder of modules that does not find the barred ones."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {BARRED} else self.finder.find_spec(name, path, target)

sys.meta_path[:] = map(Without, sys.meta_path)
torch.set_num_threads(1)
from tests.gpu import check
sys.exit(check.main(sys.argv[1:]))
'''


@pytest.mark.slow
def test_the_smoke_check_needs_no_more_than_a_bare_machine_has(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT, "--device", "cpu", "--smoke", "--json", str(tmp_path / "found.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads((tmp_path / "found.json").read_text())
    left = {(one["part"], one["name"]): one["said"] for one in content["roads"] if one["state"] == "left out"}
    assert left.pop(("training", "a captured step")).startswith("CUDA graphs need")
    assert left and all("torch-pruning, which is not here" in said for said in left.values()), left
    assert len(content["figures"]) == 5 and "| times | what | here |" in done.stdout


def test_channels_go_where_torch_pruning_is() -> None:
    wanted = [road for road in check.roads("cpu") if road.name == "Channels and neurons"]
    assert [road.part for road in wanted] == ["granularities", "removal"]
    found = [check.outcome(road.part, road.name, road.go) for road in wanted]
    assert [one.state for one in found] == ["ok", "ok"], found


def test_every_family_granularity_and_strategy_has_its_road() -> None:
    from pruning.criteria.kinds import granularities, scorers
    from pruning.training.kinds import dynamics

    every = [(road.part.partition(":")[0], road.name) for road in check.roads("cuda:1")]
    assert len(set(every)) == len(every)
    for part, kind in (("granularities", granularities), ("training, masks", dynamics)):
        assert {name for where, name in every if where == part} == {kind[name].label for name in kind}
    assert {name for where, name in every if where in ("scoring", "solvers")} == {scorers[n].label for n in scorers}
    assert {road.part for road in check.roads("cpu") if road.smoke} == {road.part for road in check.roads("cpu")}


def test_decisions_of_two_devices_are_compared() -> None:
    ours, theirs = torch.tensor([True, True, False, True]), torch.tensor([True, False, False, True])
    assert alike({"a": ours}, {"a": theirs}) == 0.75 and alike({"a": ours}, {"a": ours}) == 1
    with pytest.raises(AssertionError, match="other layers"):
        alike({"a": ours}, {"b": ours})


def test_what_goes_wrong_on_a_road_is_told_and_the_check_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise AssertionError("a masked weight is not zero")

    monkeypatch.setattr(check, "roads", lambda device: [Road("steps", "prune", broken)])
    monkeypatch.setattr(check, "timings", lambda device, smoke: [])
    assert check.main(["--device", "cpu", "--smoke"]) == 1
    assert "| steps | prune | failed |" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_without_cuda_it_says_so_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([]) == 0
    assert capsys.readouterr().out == "No CUDA device on this machine: nothing was checked.\n"


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_every_road_on_the_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    failed = check.main([])
    assert not failed, capsys.readouterr().out
