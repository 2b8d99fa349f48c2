"""What people from outside wrote, and what broke: each line works now, or says in one sentence what would be right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import pruning
from pruning.cli.arguments import study_of
from pruning.cli.parser import parser
from pruning.common.errors import BadTensor, BadValue, Incompatible, reason, unforeseen, with_kind
from pruning.common.hashing import digest
from pruning.common.progress import Desk
from pruning.compression.removal.exports import onnx
from pruning.criteria.kinds import scorers
from pruning.measures.kinds import measures
from pruning.study.fold import state_of
from pruning.study.study import Study, load_study
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import _filled, initial
from pruning.zoo.unreadable import unread

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
        text = "; ".join(unread(path, caught.value))
        assert said in text and "weights_only=False" not in text


@pytest.mark.parametrize("error", [ValueError(), RuntimeError("no room")])
def test_no_message_ends_in_an_empty_bracket_or_colon(error: Exception) -> None:
    kind = type(error).__name__
    assert with_kind(error) == (f"{kind}: {error}" if str(error) else kind)
    assert unforeseen(error) == f"Internal error: {with_kind(error)}"


def test_no_message_repeats_an_error_that_may_say_nothing() -> None:
    """``reason`` and ``with_kind`` name the kind of an error without words; an f-string alone ends in "()"."""
    bare = re.compile(r"(\(|: )\{(error|failed|cause)\}")
    ours = {"errors.py", "published.py", "fetch.py", "browser.py"}  # where a kind is said, or an error of ours follows
    found = [p.name for p in Path(pruning.__file__).parent.rglob("*.py") if bare.search(p.read_text())]
    assert set(found) <= ours


@pytest.mark.parametrize(
    ("asked", "allocation"), [(["--granularity", "n_m"], "uniform"), (["--scorer", "wanda"], "uniform"), ([], "global")]
)
def test_who_names_no_allocation_gets_the_first_that_fits(
    asked: list[str], allocation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_of(parser().parse_args(["prune", "--model", "lenet_5", "--sparsity", "50%", *asked]))
    assert study.recipe[0].allocation == allocation
    assert (f"allocation {allocation}, which goes with it" in capsys.readouterr().err) is bool(asked)


@pytest.mark.parametrize(
    ("scorer", "granularity"), [("activation_mean", "channel"), ("block_influence", "layer_block"), ("snip", "weight")]
)
def test_who_names_no_granularity_gets_the_first_that_the_scorer_can_rank(
    scorer: str, granularity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_of(parser().parse_args(["prune", "--model", "resnet_20", "--scorer", scorer, "--sparsity", "20%"]))
    assert study.recipe[0].granularity == granularity
    said = f"{scorers[scorer].label}: granularity {granularity}, which goes with it.\n"
    assert capsys.readouterr().err.startswith(said) is (granularity != "weight")


@pytest.mark.parametrize("field", ["sparsity", "granularity", "scorer", "allocation_options", "reduction"])
def test_any_field_of_a_step_is_said_with_its_number(field: str) -> None:
    with pytest.raises(BadValue, match=rf"write '0\.{field}'"):
        load_study(json.dumps({"measures": [{"name": "profile"}], "axes": {field: [1]}}))


@pytest.mark.parametrize("shares", ["abc", [["fc1", 500]], {"fc1": [500]}, {"fc1": {"a": 1}}, {"fc1": "half"}, 5, None])
def test_shares_of_another_form_are_refused_in_one_sentence(shares: object) -> None:
    step = {"kind": "prune", "allocation": "by_hand", "allocation_options": {"shares": shares}}
    with pytest.raises(BadValue, match="In the options of allocation 'by_hand': shares"):
        load_study(json.dumps({"measures": [{"name": "profile"}], "recipe": [step]}))


def test_shares_written_as_texts_are_numbers() -> None:
    made = [pruning.Prune(allocation="by_hand", allocation_options={"shares": {"fc1": n}}) for n in ("500", 500.0, 500)]
    assert len({digest(step) for step in made}) == 1 and made[0].allocation_options == {"shares": {"fc1": 500}}


def test_an_onnx_file_calls_its_batch_batch() -> None:
    session = pytest.importorskip("onnxruntime").InferenceSession
    made = session(onnx(initial("lenet_5", 0), (1, 28, 28)), providers=["CPUExecutionProvider"])
    assert [one.shape for one in made.get_inputs()] == [["batch", 1, 28, 28]]
    assert [one.shape for one in made.get_outputs()] == [["batch", 10]]
