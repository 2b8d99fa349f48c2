"""Weights that lie in ``assets/``: read strictly, checked, and refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pruning.common.errors import BadTensor, BadValue, Missing, UnknownName
from pruning.zoo import checkpoints
from pruning.zoo.checkpoints import accuracy_of, available, card, initial, load_model, state_hash

NAME = "lenet_300_100"


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An assets folder with the early weights of seed 1: the initial weights of seed 77."""
    folder = tmp_path / "models" / NAME
    folder.mkdir(parents=True)
    save_file(initial(NAME, 77).state_dict(), folder / "seed1.early.safetensors")
    monkeypatch.setattr(checkpoints, "ASSETS", tmp_path)
    return folder


def test_initial_weights_come_from_the_seed_alone() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = load_model(NAME, 3, "init"), load_model(NAME, 3, "init"), load_model(NAME, 4, "init")
    assert state_hash(first.state_dict()) == state_hash(again.state_dict()) != state_hash(other.state_dict())
    assert torch.equal(before, torch.random.get_rng_state())
    assert not first.training


def test_a_file_is_loaded_for_its_seed_and_mark(assets: Path) -> None:
    model = load_model(NAME, 1, "early")
    assert state_hash(model.state_dict()) == state_hash(initial(NAME, 77).state_dict())
    assert not model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert available(NAME, "early", 1) == (True, "")


def test_a_missing_file_says_how_to_make_it(assets: Path) -> None:
    there, sentence = available(NAME, "dense", 1)
    assert not there
    with pytest.raises(Missing) as caught:
        load_model(NAME, 1, "dense")
    assert str(caught.value) == sentence
    assert f"python assets/train.py --models {NAME}" in sentence


@pytest.mark.parametrize(
    ("seed", "mark", "part"), [(9, "dense", "its seeds: 0, 1, 2"), (0, "late", "init, early, dense")]
)
def test_unknown_seed_or_mark(seed: int, mark: str, part: str) -> None:
    for call in (lambda: load_model(NAME, seed, mark), lambda: available(NAME, mark, seed)):
        with pytest.raises(BadValue, match=part):
            call()


def test_unknown_model_names_the_nearest() -> None:
    for call in (load_model, available, card):
        with pytest.raises(UnknownName, match="Did you mean 'lenet_5'"):
            call("lenet5")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_bad_number_names_its_tensor(assets: Path, bad: float) -> None:
    state = initial(NAME, 0).state_dict()
    state["fc2.weight"][3, 4] = bad
    save_file(state, assets / "seed0.dense.safetensors")
    with pytest.raises(BadTensor, match=r"'fc2\.weight' holds 1 NaN or infinite"):
        load_model(NAME)


def test_weights_of_another_network_do_not_fit(assets: Path) -> None:
    state = initial(NAME, 0).state_dict()
    save_file({**state, "fc3.weight": torch.zeros(10, 99)}, assets / "seed0.dense.safetensors")
    with pytest.raises(BadTensor, match=r"do not fit .*fc3\.weight"):
        load_model(NAME)
    del state["fc1.bias"]
    save_file(state, assets / "seed0.dense.safetensors")
    with pytest.raises(BadTensor, match=r"do not fit .*fc1\.bias"):
        load_model(NAME)


@pytest.mark.parametrize("keep", [0, 5, 1000, -1])
def test_a_damaged_file_says_so(assets: Path, keep: int) -> None:
    whole = (assets / "seed1.early.safetensors").read_bytes()
    (assets / "seed1.early.safetensors").write_bytes(whole[:keep])
    with pytest.raises(BadTensor, match="are damaged .*git checkout"):
        load_model(NAME, 1, "early")


def test_cards(assets: Path) -> None:
    with pytest.raises(Missing, match="has no model card"):
        card(NAME)
    (assets / "card.json").write_text(json.dumps({"model": NAME}))
    assert card(NAME) == {"model": NAME}
    (assets / "card.json").write_text("{")
    with pytest.raises(Missing, match="is damaged"):
        card(NAME)


def test_the_embedded_weights_are_what_their_card_says() -> None:
    run = card(NAME)["runs"][0]
    assert state_hash(initial(NAME, run["seed"]).state_dict()) == run["initial_sha256"]
    measured = accuracy_of(load_model(NAME, run["seed"]), "fashion_mnist", "validation")
    assert abs(measured - run["validation_accuracy"]) <= 3 / 5000
