"""Keys: the same work has the same name everywhere, other work another, and an accidental change is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pruning.common.hashing import LENGTH, canonical, digest
from pruning.measures.kinds import measures
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.study.study import Cell, MeasureSpec, Study
from pruning.zoo.base import Base

ROOT = Path(__file__).resolve().parents[2]
RANDOM = Prune(scorer="random", seed=3, sparsity=900, allocation="uniform")


INIT = Base(mark="init")  # no file of weights, whose content would enter


def measure_key(name: str, *recipe: Prune | Recalibrate, **options: object) -> str:
    spec = MeasureSpec(name=name, options=options)
    return Cell(base=INIT, recipe=recipe, coordinates={}).measure_key(spec)


def golden() -> list[str]:
    return [
        INIT.state_key(),
        Base(model="lenet_5", seed=2, mark="init").state_key((Prune(),)),
        Base(model="resnet_20", mark="init", device="cuda:1").state_key((RANDOM, Recalibrate(samples=500))),
        measure_key("accuracy", Prune()),
        measure_key("profile", Prune()),
        measure_key("size", Prune()),
    ]


GOLDEN = [
    "cbbbb024edb5134fe3de377d",
    "a58dfcd4cbdf2f138d0b88d6",
    "0b7b617580f112b3b6079b41",
    "05fe55d9d4824767d2c0bb18",
    "5449c9d93cc34668d528c9a5",
    "7d22e3646ab070598fc30569",
]


def test_keys_are_as_ever() -> None:
    """Stored results are found under these: whoever changes one throws away what everybody has computed."""
    assert golden() == GOLDEN
    assert all(len(key) == LENGTH for key in GOLDEN)


def test_hash_seeds_do_not_matter() -> None:
    code = "from tests.common.test_keys import golden; print(*golden())"
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    out = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert out.stdout.split() == GOLDEN, out.stderr


def test_canonical_text() -> None:
    assert canonical({"b": (1, 2), "a": Prune(sparsity=500)}) == '{"a":{"sparsity":500},"b":[1,2]}'
    assert canonical([Prune(), MeasureSpec(name="size")]) == '[{},{"name":"size"}]'
    with pytest.raises(ValueError):
        canonical(float("nan"))


def test_parts_are_kept_apart() -> None:
    assert len({digest("ab"), digest("a", "b"), digest(["a", "b"]), digest("b", "a"), digest("a", "b", None)}) == 5


SAMPLES = {"samples": 1000}  # the default


@pytest.mark.parametrize(
    ("plain", "spelt"),
    [
        (Prune(), Prune(scorer="magnitude_l1", sparsity=800, allocation="global", granularity="weight", options={})),
        (Prune(scorer="gradient_x_weight"), Prune(scorer="gradient_x_weight", options=SAMPLES)),
        (Prune(scorer="gradient_x_weight"), Prune(scorer="gradient_x_weight", options={"samples": "1000"})),
        (Prune(), Prune(seed=4)),  # a scorer that draws nothing has no seed
        (Recalibrate(), Recalibrate(samples=1000, seed=0)),
    ],
)
def test_spelling_a_default_out_changes_nothing(plain: Prune, spelt: Prune) -> None:
    assert Base().state_key((plain,)) == Base().state_key((spelt,))
    assert plain == spelt and hash(plain) == hash(spelt)


def test_measures_with_defaults_spelt_out() -> None:
    assert measure_key("accuracy", Prune()) == measure_key("accuracy", Prune(), count=10_000, split="test")
    assert measure_key("accuracy", Prune()) != measure_key("accuracy", Prune(), count=9_999)
    assert MeasureSpec(name="accuracy", options={"count": 10_000}).options == {}


def test_the_data_set_of_the_weights_may_be_named() -> None:
    assert Base().state_key() == Base(data="fashion_mnist").state_key() != Base(data="mnist").state_key()


STATES = [
    Base(),
    Base(seed=1),
    Base(model="lenet_5"),
    Base(mark="init"),
    Base(mark="early"),
    Base(data="mnist"),
    Base(device="cuda"),
    Base(device="mps"),
]
RECIPES = [
    (),
    (Prune(),),
    (Prune(sparsity=801),),
    (Prune(scorer="magnitude_l2"),),
    (Prune(allocation="uniform"),),
    (Prune(scorer="random"),),
    (Prune(scorer="random", seed=1),),
    (Prune(), Recalibrate()),
    (Recalibrate(), Prune()),
    (Prune(), Prune()),
    (Prune(), Recalibrate(samples=999)),
    (Prune(), Recalibrate(seed=1)),
    (Prune(scorer="gradient_x_weight"),),
    (Prune(scorer="gradient_x_weight", options={"samples": 999}),),
]


def test_other_work_has_another_key() -> None:
    keys = [base.state_key(recipe) for base in STATES for recipe in RECIPES]
    assert len(set(keys)) == len(keys)


def test_weights_that_were_trained_again_have_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pruning.zoo.kinds.ASSETS", tmp_path)
    file = tmp_path / "models" / "lenet_5" / "seed0.dense.safetensors"
    file.parent.mkdir(parents=True)
    keys = []
    for number, content in enumerate((b"one", b"two", b"one")):
        file.write_bytes(content)
        os.utime(file, ns=(number, number))
        keys.append([Base(model="lenet_5").state_key(), Base(model="lenet_5", mark="init").state_key()])
    assert keys[0] == keys[2] and keys[0][0] != keys[1][0] and keys[0][1] == keys[1][1]


def test_one_kind_of_device_is_one_backend() -> None:
    assert Base(device="cuda").state_key() == Base(device="cuda:3").state_key()


@pytest.mark.parametrize("name", list(measures))
def test_only_measures_of_the_ranking_leave_the_level_out(name: str) -> None:
    options = {"layer": {"layer": "fc1"}, "two_scores": {"layer": "fc1"}, "pictures": {"positions": [1]}}.get(name, {})
    one, two = (measure_key(name, Prune(sparsity=level), **options) for level in (0, 900))
    assert (one == two) is (measures[name].scope == "ranking")
    assert one != measure_key(name, Prune(sparsity=0, allocation="uniform"), **options)


def test_the_profile_depends_on_all_but_the_last_level() -> None:
    assert measures["profile"].scope == "ranking"
    keys = {
        measure_key("profile", Prune(sparsity=a), Prune(scorer="random", sparsity=b), *rest)
        for a in (100, 200)
        for b in (300, 400)
        for rest in ((), (Recalibrate(),))
    }
    assert len(keys) == 2  # by the first level alone; what follows the last pruning step changes no ranking


def test_a_study_has_one_name() -> None:
    study = Study(axes={"0.sparsity": (100, 200)}, measures=(MeasureSpec(name="size"),))
    again = Study.model_validate_json(study.model_dump_json())
    assert again == study and again.key == study.key and hash(again) == hash(study)
    assert study.key != study.model_copy(update={"axes": {"0.sparsity": (200, 100)}}).key


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"recipe": (Prune(), Recalibrate())}, {"recipe": (Prune(), Prune())}),
        ({"recipe": ()}, {"recipe": (Recalibrate(),)}),
        ({"base": Base(model="lenet_5")}, {"base": Base(model="lenet_5", seed=1)}),
        ({"axes": {"seed": (0, 1), "0.seed": (0, 1)}}, {"axes": {"0.seed": (0, 1), "seed": (0, 1)}}),  # other rows
        ({"measures": (MeasureSpec(name="size"),)}, {"measures": (MeasureSpec(name="profile"),)}),
    ],
)
def test_other_studies_have_other_names(one: dict, two: dict) -> None:
    size = {"measures": (MeasureSpec(name="size"),)}
    assert Study(**size | one).key != Study(**size | two).key
