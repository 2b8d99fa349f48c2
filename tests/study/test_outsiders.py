"""What people from outside wrote, and what broke: each line works now, or says in one sentence what would be right."""

from __future__ import annotations

import numpy as np
import pytest

import pruning
from pruning.common.errors import BadTensor, Incompatible, reason
from pruning.common.progress import Desk
from pruning.measures.kinds import measures
from pruning.study.fold import state_of
from pruning.study.study import Study
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import _filled, initial
from pruning.zoo.published import unread

PROFILE = (pruning.MeasureSpec(name="profile"),)


@pytest.mark.parametrize("values", [np.arange(500, 900, 100), range(500, 900, 100), [500, 600, 700, 800]])
def test_an_axis_is_a_list_whatever_it_was_written_as(values: object) -> None:
    study = Study(recipe=(pruning.Prune(),), axes={"0.sparsity": values}, measures=PROFILE)
    usual = Study(recipe=(pruning.Prune(),), axes={"0.sparsity": (500, 600, 700, 800)}, measures=PROFILE)
    assert study.key == usual.key and hash(study) == hash(usual)
    assert Study.model_validate_json(study.model_dump_json()) == usual


def test_a_steps_field_without_its_number_is_said_with_it() -> None:
    with pytest.raises(ValueError, match=r"no field of the base: write '0\.sparsity'"):
        Study(recipe=(pruning.Prune(),), axes={"sparsity": (500,)}, measures=PROFILE)


def test_a_profile_behind_a_removal_says_what_was_removed() -> None:
    recipe = (pruning.Prune(granularity="channel", sparsity=500), pruning.Remove())
    state = state_of(Base(model="lenet_5", mark="init"), recipe)
    with pytest.raises(Incompatible, match="removed after pruning"):
        measures["profile"]().measure(state, Desk())


def test_an_error_without_words_says_its_kind() -> None:
    assert reason(OSError()) == "OSError" and reason(ValueError("No\n such.")) == "No such"


def test_a_prefix_before_every_name_is_named(tmp_path: object) -> None:
    model = initial("lenet_300_100", 0)
    state = {f"module.{name}": value for name, value in model.state_dict().items()}
    with pytest.raises(BadTensor, match=r"prefix 'module\.' before every name: save model\.module\.state_dict"):
        _filled(model, state, "best.pth")  # ty: ignore[invalid-argument-type]


def test_pickled_networks_and_web_pages_are_said_in_our_own_words(tmp_path: pytest.TempPathFactory) -> None:
    import torch

    whole, page = tmp_path / "whole.pth", tmp_path / "page.pth"  # ty: ignore[unsupported-operator]
    torch.save(initial("lenet_300_100", 0), whole)
    page.write_text("<!DOCTYPE html><title>Sign in</title>")
    for path, said in ((whole, "save the state dict"), (page, "web page")):
        with pytest.raises(Exception) as caught:  # noqa: B017, PT011
            torch.load(path, weights_only=True)
        text = unread(path, caught.value)
        assert said in text and "weights_only=False" not in text
