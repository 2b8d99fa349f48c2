"""Causal language: losses and perplexities are transformers' own, ids go in, bits count characters."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from pruning.common.errors import BadTensor, Incompatible, Missing
from pruning.common.progress import Desk
from pruning.measures.quality import Quality
from pruning.tasks.causal_language import CausalLanguage
from pruning.zoo.kinds import datasets, models
from pruning.zoo.language import facts_of
from pruning.zoo.match import compatible, split_of
from pruning.zoo.texts import coder_of, cut
from tests.helpers.language import KINDS, WINDOW, folder, start


def own_loss(model: torch.nn.Module, ids: Tensor) -> float:
    """What transformers calls the loss; past the hook that makes tensors of its answers."""
    with torch.no_grad():
        return float(model.forward(input_ids=ids, labels=ids).loss)  # ty: ignore[call-non-callable]


@pytest.mark.parametrize("kind", KINDS)
def test_perplexity_is_that_of_transformers_on_the_same_windows(kind: str) -> None:
    state, count = start(kind), 12
    split = split_of(state.base, "test")
    found = Quality(count=count).measure(state, Desk())
    losses = [own_loss(state.model, split.batch(i, i + 1)[0]) for i in range(count)]
    assert found["quality"] == found["dense_quality"] == pytest.approx(math.exp(sum(losses) / count), rel=1e-4)
    assert found["measured"] == "perplexity" and found["better"] == "lower" and found["count"] == count
    assert found["tokens"] == count * (WINDOW - 1)
    characters = sum(len(CausalLanguage().show(split, i)["text"]) for i in range(count))
    bits = sum(losses) / count * found["tokens"] / math.log(2) / characters
    assert found["bits_a_character"] == pytest.approx(bits, rel=1e-4)


def test_loss_quality_and_their_sum_agree() -> None:
    task, generator = CausalLanguage(), torch.Generator().manual_seed(0)
    outputs, ids = torch.randn(3, 7, 11, generator=generator), torch.randint(0, 11, (3, 7), generator=generator)
    each = task.quality(outputs, ids)
    want = torch.nn.functional.cross_entropy(outputs[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    assert float(task.loss(outputs, ids)) == pytest.approx(float(want), rel=1e-6)
    assert float(task.summed_loss(outputs, ids)) == pytest.approx(float(each.sum()), rel=1e-6)
    assert task.summary_of(float(each.sum()), 3) == pytest.approx(math.exp(float(want)), rel=1e-5)
    assert task.summary_of(1e6, 3) == math.inf


def test_windows_are_the_text_without_overlap() -> None:
    text = "It is a truth universally acknowledged, that a single man with five hundred pounds must be in want. " * 9
    split = cut(text, coder_of(folder("llama")), 20)
    assert len(split) == len(coder_of(folder("llama")).encode(text).ids) // 20
    whole = coder_of(folder("llama")).decode(split.ids.flatten().tolist())
    assert text.startswith(whole) and split.characters(len(split)) <= len(whole)
    for position in range(len(split)):
        assert split.text(position) == coder_of(folder("llama")).decode(split.ids[position, 1:].tolist())
    with pytest.raises(Missing, match="too short"):
        cut("It is.", coder_of(folder("llama")), 20)


def test_any_text_fits_a_language_model_and_no_pictures_do() -> None:
    name = f"lm:{folder('llama')}"
    assert compatible(name, "text:novels") is None
    assert "causal language" in str(compatible(name, "fashion_mnist"))


def test_own_texts_are_read_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("second " * 10)
    (tmp_path / "a.md").write_text("first " * 10)
    (tmp_path / "c.jsonl").write_text("\n".join(json.dumps({"text": f"line {i}"}) for i in range(20)))
    entry = datasets[f"text:{tmp_path}"]()
    before, parts = entry.form(), [entry.read(s) for s in ("train", "validation", "test")]  # ty: ignore[unresolved-attribute]
    assert "".join(parts).startswith("first first") and "".join(parts).endswith("line 18\nline 19")
    assert [round(len(part) / sum(map(len, parts)), 1) for part in parts] == [0.8, 0.1, 0.1]
    (tmp_path / "b.txt").write_text("other " * 10)
    assert datasets[f"text:{tmp_path}"]().form() != before
    (tmp_path / "c.jsonl").write_text("no json\n")
    with pytest.raises(Missing, match="Line 1"):
        entry.read("test")  # ty: ignore[unresolved-attribute]
    with pytest.raises(Missing, match="no text"):
        datasets["text:/nowhere/at/all"]


def test_what_is_no_language_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no language model"):
        models["lm:/nowhere/at/all"]
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"architectures": ["MixtralForCausalLM"], "num_local_experts": 8, "vocab_size": 9}))
    with pytest.raises(Incompatible, match="mixture of experts"):
        facts_of(tmp_path)
    config.write_text(json.dumps({"architectures": ["BertForMaskedLM"], "vocab_size": 9}))
    with pytest.raises(Incompatible, match="no causal language model"):
        facts_of(tmp_path)
    config.write_text("[1")
    with pytest.raises(BadTensor, match="cannot be read"):
        facts_of(tmp_path)
