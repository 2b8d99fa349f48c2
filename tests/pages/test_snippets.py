"""Every line of code that a page prints is run, in a folder of its own, and gives the number it is about."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pruning
from pages.choices import commands
from pages.choices.setting import Setting
from pruning.common.environment import ROOT
from pruning.store.store import Store

Run = Callable[..., str]
SETTINGS = [
    Setting(model="resnet_20", sparsity=900),
    Setting(model="lenet_5", weights=1, sparsity=855, granularity="channel", allocation="uniform", reduction="l2"),
    Setting(model="lenet_300_100", scorer="random", seed=3, sparsity=700),
    Setting(
        model="lenet_300_100",
        scorer="gradient_x_weight",
        scorer_options={"samples": 100},
        allocation="by_hand",
        allocation_options={"shares": {"fc1": 900, "it's": 500}},
        sparsity=800,
    ),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'p.db'}", tmp_path / "artefacts")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run code in a fresh process and a folder without this program, as it would be once it is installed."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "site").mkdir()
    (folder / "site" / "pruning").symlink_to(ROOT / "pruning")
    places = {"PRUNING_STORE": f"sqlite:///{tmp_path / 'q.db'}", "PRUNING_ARTEFACTS": str(tmp_path / "artefacts2")}
    environment = os.environ | places | {"PYTHONPATH": str(folder / "site"), "COLUMNS": "80", "PRUNING_WORKERS": "1"}

    def call(code: str, *, in_shell: bool = False) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = ["bash", "-ec", code] if in_shell else [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=folder, env=environment | {"PATH": path}, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def measured(setting: Setting, *names: str, count: int = 300, store: Store | None = None) -> list[dict[str, Any]]:
    specs = [pruning.MeasureSpec(name="accuracy", options={"count": count})]
    return pruning.run(setting.study(*specs, *(pruning.MeasureSpec(name=name) for name in names)), store)


def first(code: str, count: int = 300) -> str:
    """The same lines on fewer images, so that they are quick."""
    return code.replace("10_000", str(count)).replace(
        'name="accuracy"', f'name="accuracy", options={{"count": {count}}}'
    )


@pytest.mark.parametrize("setting", SETTINGS[:3], ids=lambda setting: setting.model)
def test_the_masked_model_is_loaded_as_it_was_measured(
    setting: Setting, store: Store, run: Run, tmp_path: Path
) -> None:
    accuracy, file = measured(setting, "checkpoint", store=store)
    shutil.copy(file["value"]["path"], tmp_path / "elsewhere" / commands.file_name(setting))
    code = commands.loading(setting)
    said = run(first(code) + "\nprint(model.training)").split()
    assert float(said[0]) == accuracy["value"]["correct"] / 300 != accuracy["value"]["dense_correct"] / 300
    assert said[1] == "False"
    by_hand = code.splitlines()[:-1]  # the lines that load it, and a person's own loop
    loop = (
        "\nfrom pruning.zoo.data import batches, load\n"
        'right = [model(x).argmax(1) == y for x, y in batches(load("fashion_mnist", "test"), 300, 100)]\n'
        "print(sum(int(part.sum()) for part in right))"
    )
    assert int(run("\n".join(by_hand) + loop)) == accuracy["value"]["correct"]


@pytest.mark.parametrize("setting", SETTINGS[:3], ids=lambda setting: setting.model)
def test_the_lines_of_python_print_the_accuracy(setting: Setting, run: Run) -> None:
    (accuracy,) = measured(setting)
    out = run(first(commands.python(setting)))
    assert all(len(line) <= 80 for line in out.splitlines())
    assert out.split()[:2] == ["sparsity", "accuracy"]
    assert float(out.splitlines()[1].split()[2]) == pytest.approx(accuracy["value"]["correct"] / 300, abs=1e-5)


@pytest.mark.parametrize("setting", SETTINGS[:3], ids=lambda setting: setting.model)
def test_the_command_prints_the_accuracy(setting: Setting, run: Run) -> None:
    (accuracy,) = measured(setting)
    out = run(commands.shell(setting) + " --count 300", in_shell=True)
    shown = f"{accuracy['value']['correct'] / 3:.2f} %"
    assert shown in out.splitlines()[1][:80] and "accuracy" in out.splitlines()[0][:80]


@pytest.mark.parametrize("setting", SETTINGS, ids=range(len(SETTINGS)))
def test_a_command_is_one_line_that_every_shell_can_take(setting: Setting) -> None:
    from pruning.cli import arguments
    from pruning.cli.parser import parser

    comment, line = commands.shell(setting).splitlines()
    assert comment == f"# Once, so that it works in any folder: pip install {ROOT}"
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "pruning"]
    study = arguments.study_of(parser().parse_args(words[3:]))
    assert study.cells()[0].recipe[0] == setting.prune and study.base == setting.base


@pytest.mark.parametrize("form", commands.SMALL_FORMS)
def test_the_small_network_is_opened(form: str, store: Store, run: Run, tmp_path: Path) -> None:
    setting = SETTINGS[1]
    spec = pruning.MeasureSpec(name="small_model", options={"form": form})
    accuracy = measured(setting)[0]["value"]["correct"]
    (row,) = pruning.run(setting.study(spec), store)
    name = commands.small_name(setting, form)
    shutil.copy(row["value"]["path"], tmp_path / "elsewhere" / name)
    code = commands.opening(name, setting.base)
    run(first(code))
    loop = (
        "from pruning.zoo.data import load\nimages, labels = load('fashion_mnist', 'test').batch(0, 300)\n"
        + ("images = images.numpy()\n" if form == "onnx" else "")
        + "\n".join(line for line in code.splitlines() if not line.startswith(("images =", "print")))
        + ("" if form == "onnx" else "\noutputs = model(images).detach().numpy()")
        + "\nprint(int((outputs.argmax(1) == labels.numpy()).sum()))"
    )
    assert abs(int(run(loop)) - accuracy) <= 1  # sums in another order
    if form == "safetensors":
        assert abs(300 * float(run(first(code))) - accuracy) <= 1


def test_int8_and_studies_of_other_pages(store: Store, run: Run, tmp_path: Path) -> None:
    setting = Setting(model="lenet_5")
    spec = pruning.MeasureSpec(name="runtime_file", options={"precision": "int8"})
    (row,) = pruning.run(pruning.Study(base=setting.base, recipe=(), measures=(spec,)), store)
    shutil.copy(row["value"]["path"], tmp_path / "elsewhere" / "lenet_5-int8.onnx")
    assert "[[" in run(commands.opening("lenet_5-int8.onnx", setting.base))
    spec = pruning.MeasureSpec(name="accuracy", options={"count": 300})
    study = Setting(model="lenet_5", sparsity=900).study(spec)
    (tmp_path / "elsewhere" / "it's mine.json").write_text(study.model_dump_json())
    expected = pruning.run(study)[0]["value"]["correct"]
    assert f"{expected / 3:.2f} %" in run(commands.study_command("it's mine.json"), in_shell=True)


def test_no_page_prints_code_that_is_not_run_here() -> None:
    printed = set()
    for path in (ROOT / "pages").rglob("*.py"):
        for found in re.finditer(r"st\.code\(\s*([\w.]+)", path.read_text()):
            printed.add(found[1].rpartition(".")[2])
    no_code = {"link", "study"}  # an address, and JSON
    assert printed == no_code | {"shell", "python", "loading", "opening", "study_command"}
