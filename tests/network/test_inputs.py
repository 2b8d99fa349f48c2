"""Inputs that are made: numbers for images, ids for networks that look words up; batches of bounded outputs."""

from __future__ import annotations

import torch
from torch import nn

from pruning.network.inputs import LOGITS, at_once, drawn, parts, vocabulary


def words(count: int) -> nn.Module:
    return nn.Sequential(nn.Embedding(count, 4), nn.Linear(4, count))


def test_a_network_of_words_gets_ids_and_others_get_numbers() -> None:
    assert vocabulary(words(11)) == 11 and vocabulary(nn.Sequential(nn.Linear(4, 2), nn.Embedding(3, 2))) == 0
    ids = drawn(words(11), (9,), 40, torch.Generator().manual_seed(0))
    assert ids.dtype == torch.int64 and ids.shape == (40, 9) and set(ids.flatten().tolist()) == set(range(11))
    numbers = drawn(nn.Linear(4, 2), (4,), 3, torch.Generator().manual_seed(0))
    assert torch.equal(numbers, torch.randn(3, 4, generator=torch.Generator().manual_seed(0)))
    assert not drawn(nn.Linear(4, 2), (4,), 3).any() and not drawn(words(3), (2,), 3).any()


def test_outputs_of_a_batch_of_words_are_bounded() -> None:
    few, many = words(16), words(30_000)
    ids = torch.zeros(50, 64, dtype=torch.int64)
    assert at_once(few, ids) == 32 and at_once(few, torch.zeros(50, 64)) == 100
    assert at_once(many, ids) * 64 * 30_000 <= LOGITS < (at_once(many, ids) + 1) * 64 * 30_000
    assert at_once(many, torch.zeros(1, 4096, dtype=torch.int64)) == 1  # one always passes
    assert [part.stop - part.start for part in parts(few, ids)] == [25, 25]
