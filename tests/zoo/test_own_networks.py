"""Networks of somebody's own: supported where that is simple, else refused with one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.utils.prune as torch_prune
from torch import Tensor, nn

from pruning.common.errors import Incompatible
from pruning.common.memory import Recent
from pruning.compression.removal.exports import program
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.steps.remove import Remove
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.tasks.outputs import tensor_of
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial
from pruning.zoo.kinds import Model, models


def plain() -> nn.Sequential:
    layers = (nn.Conv2d(1, 8, 5, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 6, 3, 2), nn.ReLU(), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(54, 10))


class Wrapped(nn.Module):
    """Returns what ``form`` makes of the logits."""

    def __init__(self, form: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.net, self.form = plain(), form

    def forward(self, x: Tensor) -> Any:
        return self.form(self.net(x))


def as_it_is(out: Tensor) -> Any:
    return out


def as_tuple(out: Tensor) -> Any:
    return out, None


def as_table(out: Tensor) -> Any:
    return {"loss": None, "hidden": out[:, :3], "logits": out}


def as_nested(out: Tensor) -> Any:
    return [(), None, ({"first": out},), out * 0]


def as_text(out: Tensor) -> Any:
    return "nothing"


def changed(place: int, change: Callable[[nn.Module], Any]) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        model = plain()
        model[place] = change(model[place]) or model[place]
        return model

    return build


def pruned(layer: nn.Module) -> nn.Module:
    return torch_prune.l1_unstructured(layer, "weight", 0.5)


@pytest.fixture
def own() -> Iterator[Callable[..., Base]]:
    """Registers a network of 28x28 images; returns its base."""

    def register(build: Callable[[], Any], **about: Any) -> Base:
        cls = type(
            "Own", (Model,), {"name": "own", "label": "Own", "embedded": False, "build": lambda self: build(), **about}
        )
        models.register(cls)
        return Base(model="own", mark="init")

    before = dict(models._entries)
    models.load()
    yield register
    models._entries.clear()
    models._entries.update(before)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (changed(6, pruned), r"Layer '6' of own is parametrized: .* torch.nn.utils.prune.remove\(layer, 'weight'\)"),
        (
            changed(0, nn.utils.parametrizations.weight_norm),
            r"Layer '0' of own is parametrized: .*remove_parametrizations\(layer, 'weight'\)",
        ),
        (
            changed(3, nn.utils.parametrizations.spectral_norm),
            r"'3' of own is parametrized: .*remove_parametrizations",
        ),
        (changed(3, nn.utils.parametrizations.orthogonal), r"'3' of own is parametrized"),
        (changed(0, nn.utils.weight_norm), r"'0' of own is parametrized: .* torch.nn.utils.remove_weight_norm"),
        (changed(0, nn.utils.spectral_norm), r"'0' of own is parametrized: .* torch.nn.utils.remove_spectral_norm"),
        (lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(10)), "own has lazy layers: '1.weight' has no size"),
        (lambda: None, r"The 'build' of own returns nothing \(None\): a torch.nn.Module was expected"),
        (lambda: plain().state_dict(), "The 'build' of own returns a OrderedDict"),
        (lambda: nn.Flatten(), "own has no parameters"),
        (lambda: nn.Linear(784, 10, device="meta"), "on the meta device"),
        (lambda: torch.jit.script(plain()), "compiled by TorchScript"),
        (lambda: nn.Linear(5, 10), "A first pass of two examples of 1x28x28 numbers fails: mat1 and mat2"),
        (lambda: Wrapped(as_text), "returns str, in which there is no tensor"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_pruned_is_one_sentence(own: Callable[..., Base], build: Callable[[], Any], said: str) -> None:
    with pytest.raises(Incompatible, match=said) as caught:
        state_of(own(build), (Prune(),))
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize("form", [as_tuple, as_table, as_nested])
def test_the_first_tensor_of_several_is_the_output(
    own: Callable[..., Base], form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pruned, recalibrated, trained, scored, made smaller and exported: the numbers are those of the same network that
    returns the tensor alone."""
    recipe = (
        Prune(granularity="channel", sparsity=500),
        Recalibrate(samples=50),
        Train(steps=2, batch=10, validation=20, looks=1),
        Prune(scorer="snip", options={"samples": 20}, sparsity=600),
        Prune(scorer="activation_mean", granularity="channel", options={"samples": 20}, sparsity=600),
        Remove(),
    )
    measures = (
        MeasureSpec(name="accuracy", options={"count": 200}),
        MeasureSpec(name="size"),
    )
    found = []
    for made in (form, as_it_is):
        monkeypatch.setattr("pruning.study.fold._states", Recent(8))
        base = own(lambda made=made: Wrapped(made), data="fashion_mnist")
        found.append([row["value"] for row in run(Study(base=base, recipe=recipe, measures=measures))])
        small = state_of(base, recipe).model
        assert program(small, (1, 28, 28))
    assert found[0] == found[1]


def test_wrappers_are_taken_off(own: Callable[..., Base]) -> None:
    own(lambda: nn.DataParallel(plain()))
    assert list(initial("own", 3).state_dict()) == list(plain().state_dict())
    own(lambda: torch.compile(nn.DataParallel(plain())))
    assert isinstance(initial("own", 3), nn.Sequential)


def test_the_outputs_tensor() -> None:
    one, other = torch.zeros(1), torch.ones(1)
    assert tensor_of(one) is one
    assert tensor_of((None, [], [None], [other], one)) is other
    assert tensor_of({"loss": one, "out": other}) is other
    for nothing in (None, (), {}, (None,), [[None]], "text"):
        with pytest.raises(Incompatible, match="no tensor"):
            tensor_of(nothing)
