"""Tiny language models of several classes with random weights, in folders as transformers writes them."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch

from pruning.common.environment import ASSETS
from pruning.network.passes import forward_order
from pruning.state import State
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import load_model
from pruning.zoo.kinds import datasets
from pruning.zoo.language import library

WORDS, WINDOW = 1_024, 16
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "opt": ("OPTConfig", {"ffn_dim": 48, "word_embed_proj_dim": 32, "do_layer_norm_before": True, "dropout": 0.0}),
    "gpt2": ("GPT2Config", {"n_inner": 48}),
    "pythia": ("GPTNeoXConfig", {"intermediate_size": 48}),
    "llama": ("LlamaConfig", {"intermediate_size": 48, "num_key_value_heads": 2}),
    "qwen2": ("Qwen2Config", {"intermediate_size": 48, "num_key_value_heads": 2, "tie_word_embeddings": True}),
    "gemma": ("GemmaConfig", {"intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8}),
    "mistral": ("MistralConfig", {"intermediate_size": 48, "num_key_value_heads": 2}),
}


@cache
def folder(kind: str) -> Path:
    """A folder of a network of that class: two blocks of four heads, 32 channels, and the embedded model's tokens."""
    transformers = library()
    name, more = KINDS[kind]
    config = getattr(transformers, name)(
        vocab_size=WORDS,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=WINDOW,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        **more,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.AutoModelForCausalLM.from_config(config)
        for name, p in model.named_parameters():
            with torch.no_grad():  # initial weights of 0.02 leave nothing to tell pruned from dense
                p.normal_(1.0 if "norm" in name and p.ndim == 1 else 0.0, 0.3)
    place = Path(mkdtemp(prefix=f"language-{kind}-"))
    model.save_pretrained(place)
    shutil.copy(ASSETS / "models" / "llama_novels" / "tokenizer.json", place)
    return place


@cache
def text() -> Path:
    """A short text: the beginning of the novel that nobody was trained on."""
    place = Path(mkdtemp(prefix="text-")) / "persuasion.txt"
    place.write_text(datasets["text:novels"]().read("validation")[:40_000])  # ty: ignore[unresolved-attribute]
    return place


def start(kind: str) -> State:
    """The state before any step."""
    base = Base(model=f"lm:{folder(kind)}", data=f"text:{text()}")
    model = load_model(base.model)
    return State(base, base.state_key(), model, forward_order(model, base.input_shape))
