"""Devices of one kind: their names for people, one key for all of them, and a network on each."""

from __future__ import annotations

import pytest
import torch

from pruning.common.progress import Desk
from pruning.criteria.plan import plan_of
from pruning.network import devices
from pruning.network.devices import device_labels, present_devices
from pruning.steps.prune import Prune
from pruning.study import fold
from pruning.study.fold import state_of
from pruning.study.study import MeasureSpec
from pruning.zoo.base import Base

CARDS = ["NVIDIA H200", "NVIDIA H200", "NVIDIA T4"]


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A machine with as many cards as the list has; what is computed on one is computed on the CPU."""
    found = list(CARDS)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(found))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda name: found[int(name.partition(":")[2])])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(fold, "check_device", lambda name: torch.device("cpu"))
    return found


def test_several_cards_are_told_apart(cards: list[str]) -> None:
    assert present_devices() == ["cpu", "cuda:0", "cuda:1", "cuda:2"]
    labels = ["CPU", "NVIDIA H200 (cuda:0)", "NVIDIA H200 (cuda:1)", "NVIDIA T4 (cuda:2)"]
    assert device_labels(present_devices()) == labels
    assert devices.check_device("cuda:1") == torch.device("cuda:1") and devices.check_device("cuda").index == 0
    found = MeasureSpec(name="devices").build().measure(state_of(Base(), ()), Desk())
    assert found == {"devices": present_devices(), "labels": labels}


def test_one_card_needs_no_number(cards: list[str]) -> None:
    del cards[1:]
    assert device_labels(present_devices()) == ["CPU", "NVIDIA H200"]


def test_two_cards_share_keys_and_neither_takes_the_other_s_networks(cards: list[str]) -> None:
    half = (Prune(sparsity=500),)
    one, other = (state_of(Base(device=name), half) for name in ("cuda:0", "cuda:1"))
    assert one.key == other.key and one.base.device == "cuda:0" and other.base.device == "cuda:1"
    assert one is not other and one.model is not other.model and one.plan is not other.plan
    assert state_of(Base(device="cuda:1"), half) is other
    assert plan_of(other.start.scene(), half[0]) is other.plan
