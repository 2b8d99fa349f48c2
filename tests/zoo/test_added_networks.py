"""A network that somebody adds: kept under its name, found by every process, private, within bounds, removed again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.utils.prune as torch_prune
from torch import nn

from pruning.common.errors import BadValue, Incompatible, Missing, PruningError, UnknownName
from pruning.common.sources import asking
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.added import kept
from pruning.zoo.added.adding import NewNetwork, added
from pruning.zoo.added.building import building
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import load_model
from pruning.zoo.kinds import models
from pruning.zoo.match import compatible

ARCHITECTURE = "timm:test_resnet"


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRUNING_OWN", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture
def asked_by() -> Iterator[Callable[[str], None]]:
    """Lets a person ask, for the rest of the test."""
    marks = []
    yield lambda person: marks.append(asking.set(person))
    for mark in reversed(marks):
        asking.reset(mark)


def network(classes: int = 5, seed: int = 1, channels: int = 3) -> nn.Module:
    torch.manual_seed(seed)
    return building(ARCHITECTURE)(classes, channels).eval()


def saved(path: Path, made: nn.Module, **beside: object) -> Path:
    torch.save({"epoch": 3, "state_dict": made.state_dict(), **beside}, path)
    return path


def stored(name: str, made: nn.Module, **about: object) -> None:
    """As if it had been added, without reading a file apart."""
    from safetensors.torch import save_file

    shape = [3, 160, 160]
    said = {"label": name, "architecture": ARCHITECTURE, "task": "image_classification", "input_shape": shape}
    said |= {"class_names": [], "parameters": 1, "match": {}, "summary": ""}
    said |= {"classes": 5, "preprocessing": models[ARCHITECTURE].preprocessing.said(), **about}  # ty: ignore
    kept.keep(name, said, lambda folder: save_file(dict(made.state_dict()), folder / kept.WEIGHTS))


def test_a_file_becomes_a_network_of_the_list(tmp_path: Path) -> None:
    made = network()
    torch_prune.random_unstructured(made.layer2[0].conv1, "weight", 0.5)
    mask = made.layer2[0].conv1.weight_mask.bool()
    path = saved(tmp_path / "best.pth", made.half(), class_to_idx={"ant": 0, "bee": 1, "cat": 2, "dog": 3, "elk": 4})
    said = added("photos", NewNetwork(ARCHITECTURE, path, accuracy=0.931))
    assert (said["classes"], said["stated"], said["masked"]) == (5, 0.931, int((~mask).sum()))
    assert models.names()[-1] == "own:photos"
    entry = models["own:photos"]
    assert (entry.classes, entry.class_names, entry.input_shape) == (
        5,
        ("ant", "bee", "cat", "dog", "elk"),
        (3, 160, 160),
    )
    torch_prune.remove(made.layer2[0].conv1, "weight")
    images = torch.randn(2, 3, 160, 160)
    with torch.no_grad():
        assert torch.equal(load_model("own:photos")(images), made.float()(images))
    base = Base(model="own:photos")
    assert torch.equal(state_of(base, ()).masks["layer2.0.conv1.weight"], mask)
    after = state_of(base, (Prune(sparsity=600),)).masks
    assert not (after["layer2.0.conv1.weight"] & ~mask).any()  # what was pruned stays pruned
    assert sum(int((~m).sum()) for m in after.values()) == round(0.6 * sum(m.numel() for m in after.values()))
    code = "from pruning.zoo.base import Base as B; print(B(model='own:photos').state_key(), 'torch' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}"], capture_output=True, text=True, check=True
    ).stdout
    assert told.split() == [base.state_key(), "False"]  # another process finds it, and needs no torch for its name


def test_two_networks_of_one_name_never_share_a_result() -> None:
    keys = []
    for seed in (1, 2, 1):
        stored("mine", network(seed=seed))
        keys.append(Base(model="own:mine").state_key())
        assert len(load_model("own:mine").state_dict()) == len(network().state_dict())
        kept.remove("mine")
    assert keys[0] == keys[2] != keys[1]
    assert "own:mine" not in models
    with pytest.raises(UnknownName, match="There is no network of your own called 'mine'"):
        Base(model="own:mine")


def test_what_is_pruned_already_is_another_network() -> None:
    from safetensors.torch import save_file

    stored("one", network())
    plain = Base(model="own:one").state_key()
    mask = torch.ones_like(network().fc.weight, dtype=torch.uint8)
    save_file({"fc.weight": mask}, kept.folder_of("one") / kept.MASKS)
    assert Base(model="own:one").state_key() != plain


def test_a_private_network_is_its_owners(asked_by: Callable[[str], None]) -> None:
    stored("hers", network(), owner="ann")
    stored("ours", network(), owner="ann", shared=True)
    assert models.names()[-2:] == ["own:hers", "own:ours"]  # the program itself sees all
    asked_by("bob")
    assert models.names()[-1] == "own:ours" and "own:hers" not in models
    with pytest.raises(UnknownName):
        models["own:hers"]
    with pytest.raises(BadValue, match="only who added it can change or remove it"):
        kept.remove("ours")
    with pytest.raises(BadValue, match="somebody else's"):
        kept.share("ours", False)
    asked_by("ann")
    assert "own:hers" in models
    kept.share("ours", False)
    asked_by("bob")
    assert "own:ours" not in models
    asked_by("ann")
    kept.remove("ours")
    assert models.names()[-1] == "own:hers"


def test_a_person_has_so_much_room(monkeypatch: pytest.MonkeyPatch) -> None:
    stored("one", network(), owner="ann")
    size = kept.used("ann")
    assert size == sum(p.stat().st_size for p in kept.folder_of("one").iterdir() if p.name != kept.CARD)
    monkeypatch.setattr("pruning.zoo.added.kept.OWN_MB", 1.5 * size / 1e6)
    with pytest.raises(BadValue, match="remove one that you do not need"):
        stored("two", network(), owner="ann")
    assert list(kept.networks_folder().iterdir()) == [kept.folder_of("one")]  # nothing half-written is left
    stored("two", network(), owner="bob")


@pytest.mark.parametrize(
    "name", ["", "../up", "a/b", ".hidden", "end.", "with space", "x" * 49, "nul\0", "a\u202eb", "own:x"]
)
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(BadValue, match="is no name for a network"):
        kept.folder_of(name)
    assert f"own:{name}" not in models


def test_a_name_is_given_once() -> None:
    stored("one", network())
    with pytest.raises(BadValue, match="a network of the name 'one' already"):
        added("one", NewNetwork(ARCHITECTURE))


@pytest.mark.parametrize(
    ("wish", "kind", "said"),
    [
        (NewNetwork(ARCHITECTURE, Path("nowhere.pth")), Missing, "There is no file nowhere.pth"),
        (NewNetwork("timm:resnet81"), UnknownName, "no network of timm called 'resnet81'. Did you mean 'resnet18'"),
        (NewNetwork("timm:resnet18.b9_in1k"), UnknownName, "called 'resnet18.b9_in1k'"),
        (NewNetwork("torchvision:resnet81"), UnknownName, "Did you mean 'resnet18'"),
        (NewNetwork("elsewhere:x"), UnknownName, "There is no source 'elsewhere'"),
        (NewNetwork("lenet_5", data="nothing"), UnknownName, "no data set 'nothing'"),
        (NewNetwork("lenet_5", accuracy=1.2), BadValue, "not 120 %"),
        (NewNetwork("lenet_5", classes=("a", "b")), BadValue, "2 names of classes are given, and the network has 10"),
    ],
)
def test_what_cannot_be_added_is_one_sentence(wish: NewNetwork, kind: type[PruningError], said: str) -> None:
    with pytest.raises(kind, match=said) as caught:
        added("new", wish)
    assert "\n" not in str(caught.value) and not kept.cards()


def test_a_network_of_this_program_is_added_under_another_name() -> None:
    said = added("copy", NewNetwork("lenet_5", data="fashion_mnist"))
    assert said["match"]["matched"] == said["match"]["wanted"] == 10
    entry = models["own:copy"]
    assert entry.data == "fashion_mnist" and compatible("own:copy", "fashion_mnist") is None
    images = torch.randn(3, 1, 28, 28)
    with torch.no_grad():
        assert torch.equal(load_model("own:copy")(images), load_model("lenet_5")(images))
    assert Base(model="own:copy").state_key() != Base(model="lenet_5").state_key()
    assert "has 100 classes" in str(compatible("own:copy", "cifar100")) or "takes images" in str(
        compatible("own:copy", "cifar100")
    )


def test_other_outputs_need_an_architecture_that_has_them(tmp_path: Path) -> None:
    made = building("lenet_5")(10, 1)
    made.fc3 = nn.Linear(84, 3)  # ty: ignore
    path = saved(tmp_path / "three.pth", made)
    with pytest.raises(Incompatible, match="LeNet-5 has 10 outputs, and no form with 3"):
        added("three", NewNetwork("lenet_5", path))


def test_the_card_is_pure_json_and_is_not_trusted() -> None:
    stored("one", network())
    card = kept.folder_of("one") / kept.CARD
    assert json.loads(card.read_text())["name"] == "one"
    for content in ("{", "[]", '{"name": "one"}'):
        card.write_text(content)
        assert "own:one" not in models and "own:one" not in models.names()
