"""What a network holds beside its prunable weights is listed, with its share of all parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from pruning.common.progress import Desk
from pruning.measures.kinds import measures
from pruning.network.weights import left_alone
from pruning.results.sentences import alone
from pruning.steps.prune import Prune
from pruning.zoo.checkpoints import initial
from tests.helpers.networks import small, state


class Recurrent(nn.Module):
    """Rows of an image, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.fc = nn.LSTM(28, 64, batch_first=True), nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(x[:, 0])[0][:, -1])


def profile(model: nn.Module) -> dict[str, Any]:
    made = state(model.eval(), "lenet_5")
    return measures["profile"]().measure(Prune(sparsity=500).apply(made, "pruned"), Desk())


def test_an_lstm_is_listed_with_its_share() -> None:
    value = profile(Recurrent())
    assert sum(value["weights"]) == 640 and value["parameters"] == 24_714
    assert value["left_alone"] == [{"name": "lstm", "kind": "LSTM", "parameters": 24_064}]
    assert alone(value) == "Left alone: lstm (LSTM), 24,064 of 24,714 parameters (97.4 %)."


def test_usual_networks_have_no_such_field() -> None:
    value = profile(small())
    assert "left_alone" not in value and alone(value) == ""


@pytest.mark.parametrize("name", ["lenet_5", "resnet_20", "vit_small"])
def test_nothing_of_an_embedded_network_is_listed(name: str) -> None:
    """Class tokens and positions go along, as biases do: stored results stay as they are."""
    assert left_alone(initial(name, 0)) == []


class Own(nn.Module):
    """A layer that somebody wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix, self.inner = nn.Parameter(torch.ones(4, 3)), nn.Linear(3, 2)


@pytest.mark.parametrize(
    ("make", "listed"),
    [
        (lambda: nn.Embedding(10, 4), [("", "Embedding", 40)]),
        (lambda: nn.Sequential(nn.GRU(3, 2)), [("0", "GRU", 42)]),
        (lambda: nn.ConvTranspose2d(1, 4, 2), [("", "ConvTranspose2d", 20)]),
        (lambda: nn.Bilinear(2, 3, 4), [("", "Bilinear", 28)]),
        (Own, [("", "Own", 12)]),
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.PReLU(4), nn.LayerNorm([4, 2])), []),
        (lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True), []),
    ],
)
def test_what_counts_as_left_alone(make: Callable[[], nn.Module], listed: list[Any]) -> None:
    assert left_alone(make()) == listed


def test_tied_weights_are_listed_once_or_not_at_all() -> None:
    table, out = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
    out.weight = table.weight
    assert left_alone(nn.Sequential(table, out)) == [("0", "Embedding", 15)], "words that a table shares are not pruned"
    two = nn.Embedding(5, 3)
    two.weight = table.weight
    assert left_alone(nn.Sequential(table, two)) == [("0", "Embedding", 15)]


def test_the_command_line_says_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from pruning.cli import compute
    from pruning.cli.main import main

    value = {"removed": [list(range(1001))], "weights": [1000], "parameters": 1500}
    value["left_alone"] = [{"name": n, "kind": "GRU", "parameters": 100} for n in ("one", "two")]
    right = {"correct": 9, "dense_correct": 9, "lost": 0, "gained": 0, "count": 10}
    rows = [
        {"measure": name, "value": v, "seconds": 0.0, "origin": "computed"}
        for name, v in (("accuracy", right), ("profile", value))
    ]
    monkeypatch.setattr(compute, "compute", lambda study: rows)
    said = "Left alone: one (GRU), two (GRU), together 200 of 1,500 parameters (13.3 %)."
    ask = ["prune", "--model", "lenet_5", "--sparsity", "50%"]
    assert main(ask) == 0 and capsys.readouterr().out.splitlines()[-1] == said
    assert main([*ask, "--json"]) == 0 and json.loads(capsys.readouterr().out)["left_alone"] == [said]


def test_the_page_says_it_in_one_sentence() -> None:
    def script() -> None:
        from pages.choices.setting import Setting
        from pages.prune.layers import _asked

        left = [{"name": "lstm", "kind": "LSTM", "parameters": 24_064}]
        _asked(Setting(), {"parameters": 24_714, "left_alone": left})

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert [one.value for one in page.caption] == ["Left alone: lstm (LSTM), 24,064 of 24,714 parameters (97.4 %)."]
