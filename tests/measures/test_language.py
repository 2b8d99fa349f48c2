"""What is measured of language models: writing is transformers' own, losses add up, and dense against dense is zero."""

from __future__ import annotations

import math

import pytest
import torch

from pruning.common.progress import Desk
from pruning.measures.language import Language
from pruning.measures.text import Text
from pruning.measures.token_losses import TokenLosses
from pruning.measures.tools.writing import repeated, writer, written
from pruning.steps.prune import Prune
from pruning.steps.remove import Remove
from pruning.zoo.match import split_of
from tests.helpers.language import KINDS, WINDOW, start

QUICK = Language(count=6, prompts=2, length=8)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_what_transformers_generates(kind: str) -> None:
    state = start(kind)
    prompt = split_of(state.base, "test").ids[0, :5]
    past = state.model._forward_hooks.copy()
    state.model._forward_hooks.clear()  # generate wants the whole table of outputs, not the first tensor of it
    with torch.no_grad():
        whole = state.model.generate(prompt.view(1, -1), max_new_tokens=8, do_sample=False, use_cache=True)  # ty: ignore[not-callable]
    state.model._forward_hooks.update(past)
    ours = list(written(writer(state.model), prompt, 8))
    assert ours == whole[0, 5 : 5 + len(ours)].tolist() and (len(ours) == 8 or int(whole[0, 5 + len(ours)]) == 0)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_network_without_a_block_writes_as_the_masked_one(kind: str) -> None:
    masked = start(kind).after(Prune(granularity="layer_block", scorer="random", sparsity=500), f"{kind}-a")
    small = masked.after(Remove(), f"{kind}-b")
    prompt = split_of(masked.base, "test").ids[1, :6]
    ways = [list(written(writer(state.model), prompt, 8)) for state in (masked, small)]
    assert ways[0] == ways[1] and len(writer(small.model).state_dict()) < len(masked.model.state_dict())


def test_dense_beside_itself_agrees_and_pruned_does_not() -> None:
    state = start("llama")
    same = QUICK.measure(state, Desk())
    assert same["agree"] == [1.0] * 6 and same["kl"] == [0.0] * 6 and same["loops"] == same["dense_loops"]
    assert same["perplexity"] == same["dense_perplexity"] == pytest.approx(math.exp(sum(same["nats"]) / 6), rel=1e-3)
    assert same["tokens"] == 6 * (WINDOW - 1) and len(same["copied"]) == 2
    other = QUICK.measure(state.after(Prune(sparsity=900, allocation="uniform"), "pruned"), Desk())
    assert sum(other["agree"]) < 6 and min(other["kl"]) > 0
    assert other["dense_nats"] == same["nats"] and other["perplexity"] != same["perplexity"]


def test_losses_of_tokens_are_those_of_their_window() -> None:
    state = start("llama")
    found = TokenLosses(window=2).measure(state, Desk())
    split = split_of(state.base, "test")
    task = state.base.task
    loss = float(task.loss(task.forward(state.model, split.ids[2:3]), split.ids[2:3]).detach())
    assert sum(found["nats"]) / (WINDOW - 1) == pytest.approx(loss, abs=1e-3)
    assert "".join(found["tokens"]) == split.text(2) and found["nats"] == found["dense_nats"]


def test_a_text_grows_while_it_is_written_and_is_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pruning.measures.text.PACE", 0.0)
    seen: list[str] = []
    desk = Desk(progress=lambda done, total, note="", partial=None: seen.append((partial or {"text": ""})["text"]))
    measure, state = Text(prompt="It is a truth", length=8, seed=3), start("llama")
    found = measure.measure(state, desk)
    assert found["text"] == measure.measure(state, Desk())["text"] and seen[-1] == found["text"]
    assert [len(text) for text in seen] == sorted(len(text) for text in seen) and found["tokens"] == len(seen)
    assert found["first"] > 0 and found["rate"] > 0 and not found["cut"]
    assert Text(prompt="It is a truth " * 90, length=8).measure(state, Desk())["cut"]


def test_loops_are_runs_that_were_there_before() -> None:
    assert repeated([1, 2, 3, 1, 2, 3, 1]) == 0.25 and repeated([1, 2]) == 0.0
