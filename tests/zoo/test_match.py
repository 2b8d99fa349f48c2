"""Which accuracies make sense; and that lists, bounds and sentences are read without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pruning.common.errors import UnknownName
from pruning.zoo.datasets.imagenette import WNIDS, Imagenette
from pruning.zoo.kinds import datasets, models
from pruning.zoo.match import compatible
from pruning.zoo.wnids import INDEX
from pruning.zoo.wnids import WNIDS as ALL
from tests.zoo import disk

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("model", models)
def test_every_pair_is_answered(model: str, root: Path) -> None:
    for data in datasets:
        answer = compatible(model, data)
        if data == models[model].data:
            assert answer is None
        else:
            assert answer is not None
            assert answer.endswith(".")


@pytest.mark.parametrize(
    ("model", "data", "part"),
    [
        ("lenet_5", "cifar10", "LeNet-5 takes images of 28x28 pixels in grey, CIFAR-10 has 32x32 pixels in colour"),
        ("lenet_5", "mnist", "LeNet-5 has no weights trained on MNIST: its weights were trained on Fashion-MNIST"),
        ("efficientnet_b4", "imagenette", "takes images of 380x380"),
    ],
)
def test_the_sentence_says_why(model: str, data: str, part: str) -> None:
    assert part in str(compatible(model, data))


def test_own_images_need_imagenets_names(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PRUNING_IMAGE_FOLDER" in str(compatible("resnet18", "image_folder"))
    monkeypatch.setenv("PRUNING_IMAGE_FOLDER", str(tmp_path / "own"))
    disk.jpegs(tmp_path / "own", {"n02102040": 1, "n03888257": 1})
    assert compatible("resnet18", "image_folder") is None
    (tmp_path / "own" / "cat").mkdir()
    assert "WordNet ids" in str(compatible("resnet18", "image_folder"))


def test_unknown_names() -> None:
    with pytest.raises(UnknownName, match="no model 'lenet5'"):
        compatible("lenet5", "mnist")
    with pytest.raises(UnknownName, match="no data set 'minst'"):
        compatible("lenet_5", "minst")


def test_imagenets_ids() -> None:
    assert len(set(ALL)) == 1000
    assert list(ALL) == sorted(ALL)
    assert tuple(INDEX[wnid] for wnid in WNIDS) == Imagenette.indices


def test_class_names_are_complete() -> None:
    counts = {"fashion_mnist": 10, "mnist": 10, "cifar10": 10, "cifar100": 100, "imagenette": 10}
    assert {name: len(set(datasets[name].classes)) for name in counts} == counts
    assert list(datasets["cifar100"].classes) == sorted(datasets["cifar100"].classes)


def test_lists_and_answers_need_no_torch() -> None:
    code = (
        "import sys\n"
        "from pruning.zoo.kinds import models, datasets\n"
        "from pruning.zoo.match import compatible\n"
        "assert 'resnet50' in models.names() and datasets['cifar100'].classes\n"
        "answers = [compatible(m, d) for m in models for d in datasets]\n"
        "assert len(answers) > 400 and answers.count(None) > 60\n"
        "loaded = {'torch', 'torchvision', 'numpy', 'PIL'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
