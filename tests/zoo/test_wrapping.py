"""Data of any kind gives the same examples, and a network's name says what it computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from pruning.common.errors import Incompatible
from pruning.zoo.wrapping.examples import Unpacked
from pruning.zoo.wrapping.gathering import gathered
from pruning.zoo.wrapping.identity import network_hash
from pruning.zoo.wrapping.wrap import wrapped

X = torch.randn(120, 6, generator=torch.Generator().manual_seed(0))
Y = torch.arange(120) % 3
NET = nn.Linear(6, 3)


class Items(Dataset[Any]):
    classes = ("cat", "dog", "eel")

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, at: int) -> tuple[Tensor, int]:
        return X[at], int(Y[at])


class Table:
    """As a data set of Hugging Face: rows that are dictionaries, formats, features."""

    column_names = ("pixels", "label")
    features = {"label": type("ClassLabel", (), {"names": ["cat", "dog", "eel"]})()}
    format = {"type": None}

    def with_format(self, kind: str) -> Table:
        assert kind == "torch"
        return self

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, at: int) -> dict[str, Any]:
        return {"pixels": X[at], "label": Y[at]}


def batches() -> Iterator[dict[str, Tensor]]:
    for start in range(0, 120, 50):
        yield {"x": X[start : start + 50], "labels": Y[start : start + 50]}


KINDS = {
    "tensors": lambda: (X, Y),
    "arrays": lambda: (X.numpy(), Y.numpy()),
    "a Dataset": lambda: Items(),
    "a TensorDataset": lambda: TensorDataset(X, Y),
    "a shuffling loader": lambda: DataLoader(TensorDataset(X, Y), batch_size=7, shuffle=True),
    "a list of batches": lambda: [(X[:60], Y[:60]), (X[60:], Y[60:])],
    "a generator of dictionaries": batches,
    "a table": lambda: Table(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_kinds_of_data_are_the_same_examples(kind: str) -> None:
    found, usual = gathered(KINDS[kind](), NET), gathered((X, Y), NET)
    assert torch.equal(found.inputs, usual.inputs) and torch.equal(found.labels, usual.labels)
    assert found.key == usual.key and (np.diff(found.hashes.astype(object)) > 0).all()
    assert found.classes == (("cat", "dog", "eel") if kind in ("a Dataset", "a table") else ())


def test_more_examples_move_none_between_splits() -> None:
    def members(n: int) -> dict[str, set[float]]:
        splits = wrapped(NET, (X[:n], Y[:n])).data().splits
        return {name: set(split.inputs[:, 0].tolist()) for name, split in splits.items()}

    few, many = members(80), members(120)
    assert all(few[name] <= many[name] for name in few) and sum(map(len, many.values())) == 120


def test_given_splits_stay_apart() -> None:
    held = wrapped(NET, {"train": (X[:80], Y[:80]), "val": (X[80:], Y[80:])}, classes=("a", "b", "c"))
    splits = held.data().splits
    assert len(splits["test"]) == 40 and len(splits["train"]) + len(splits["validation"]) == 80
    assert held.data.classes == ("a", "b", "c")


class Two(nn.Module):
    """Ids and a mask by name, as a text network of transformers takes them; a dictionary as output."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        mask = attention_mask[:, :, None].float()
        return {"logits": self.head((self.embed(input_ids) * mask).sum(1) / mask.sum(1))}


def test_several_inputs_by_name_reach_the_network() -> None:
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 50, (90, 7), generator=draw)
    mask = torch.ones_like(ids)
    mask[:, 5:] = torch.randint(0, 2, (90, 2), generator=draw)
    model, labels = Two(), torch.arange(90) % 3
    held = wrapped(model, [{"input_ids": ids, "attention_mask": mask, "labels": labels, "idx": labels}])
    twin, split = held.model().build(), held.data().load("test")
    packed = split.inputs
    assert packed.shape[1] == 14 and packed.dtype == torch.int64
    said = twin(packed)["logits"]
    assert torch.equal(said, model(packed[:, :7], packed[:, 7:])["logits"])
    assert held.data.task == "classification" and len(model._forward_pre_hooks) == 0


def test_batches_of_other_sizes_are_refused() -> None:
    with pytest.raises(Incompatible, match="Pad or resize"):
        gathered([(X, Y), (X[:, :3], Y)], NET)


def test_inputs_keep_their_number_formats() -> None:
    given = gathered([(X, torch.arange(120).to(torch.int32)[:, None], Y)], nn.Bilinear(6, 1, 3)).given
    found: list[Tensor] = []
    hook = Unpacked(given)
    (first, second), named = hook(
        NET, (gathered([(X, torch.full((120, 1), 9, dtype=torch.int32), Y)], NET).inputs,), {}
    )
    found += [first, second]
    assert [t.dtype for t in found] == [torch.float32, torch.int32] and named == {}
    assert first.shape == (120, 6) and bool((second == 9).all())


def cell(slope: float, code: str) -> nn.Module:
    """A class as running a notebook's cell again defines it."""
    space: dict[str, Any] = {"nn": nn, "torch": torch, "__name__": "__main__"}
    exec(
        "def act(x):\n    return torch.relu(x)\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, slope):\n        super().__init__()\n        self.slope = slope\n"
        "        self.fc = nn.Linear(6, 3)\n"
        f"    def forward(self, x):\n        return {code}\n",
        space,
    )
    model = space["Net"](slope)
    with torch.no_grad():
        model.fc.weight.fill_(0.5)
        model.fc.bias.zero_()
    return model


def test_a_name_says_what_is_computed() -> None:
    usual = network_hash(cell(1.0, "act(self.fc(x)) * self.slope"))
    assert usual == network_hash(cell(1.0, "act(self.fc(x)) * self.slope").train())
    others = [cell(2.0, "act(self.fc(x)) * self.slope"), cell(1.0, "self.fc(x) * self.slope")]
    changed = cell(1.0, "act(self.fc(x)) * self.slope")
    with torch.no_grad():
        changed.fc.weight[0, 0] += 1e-7
    half = cell(1.0, "act(self.fc(x)) * self.slope").half()
    found = {usual, *(network_hash(one) for one in (*others, changed, half))}
    assert len(found) == 5


def test_the_name_holds_weights_and_data() -> None:
    one, same = wrapped(NET, (X, Y)), wrapped(NET, DataLoader(TensorDataset(X, Y), 16, shuffle=True))
    assert one.model is same.model and one.data is same.data
    other = wrapped(NET, (X, (Y + 1) % 3))
    assert other.model.name != one.model.name and other.data.name != one.data.name
