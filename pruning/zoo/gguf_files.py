"""GGUF files of Llama networks, as llama.cpp keeps them, written out as transformers reads them.

Quantized blocks become float32 numbers of the same value. llama.cpp turns each head's rows of queries and keys from
halves to neighbours (for its rotary embedding); they are turned back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pruning.common.errors import Incompatible
from pruning.zoo.language import CONFIG, WEIGHTS

NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
CONTROL = 3
"""The type of a token that is no text."""


def converted(file: Path, folder: Path) -> None:
    """Write weights (float32), configuration and tokenizer of a GGUF file into a folder.

    Raises:
        Incompatible: it holds no Llama network, or a tokenizer of another kind.
    """
    import gguf
    import torch
    from safetensors.torch import save_file

    reader = gguf.GGUFReader(file)

    def said(key: str) -> Any:
        return reader.fields[key].contents()

    if said("general.architecture") != "llama" or said("tokenizer.ggml.model") != "gpt2":
        raise Incompatible(f"{file.name} is no Llama network with a byte-level tokenizer: nothing else is read here.")
    heads, shared = said("llama.attention.head_count"), said("llama.attention.head_count_kv")
    tensors = {}
    for tensor in reader.tensors:
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        count = {"attn_q": heads, "attn_k": shared}.get(tensor.name.split(".")[-2], 0)
        if count:
            halves = numbers.reshape(count, -1, 2, numbers.shape[1])
            numbers = halves.swapaxes(1, 2).reshape(numbers.shape)
        tensors[_name(tensor.name)] = torch.tensor(numbers.copy(), dtype=torch.float32)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(said("tokenizer.ggml.tokens")),
        "hidden_size": said("llama.embedding_length"),
        "intermediate_size": said("llama.feed_forward_length"),
        "num_hidden_layers": said("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
        "max_position_embeddings": said("llama.context_length"),
        "rms_norm_eps": said("llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": said("llama.rope.freq_base"),
        "rope_parameters": {"rope_type": "default", "rope_theta": said("llama.rope.freq_base")},
        "tie_word_embeddings": "lm_head.weight" not in tensors,
        "bos_token_id": said("tokenizer.ggml.bos_token_id"),
        "eos_token_id": said("tokenizer.ggml.eos_token_id"),
        "hidden_act": "silu",
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=1))
    coder = _tokenizer(said("tokenizer.ggml.tokens"), said("tokenizer.ggml.merges"), said("tokenizer.ggml.token_type"))
    coder.save(str(folder / "tokenizer.json"), pretty=False)
    about = {"chat_template": said("tokenizer.chat_template")} if "tokenizer.chat_template" in reader.fields else {}
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=1))
    save_file(tensors, str(folder / WEIGHTS), metadata={"format": "pt"})


def _name(theirs: str) -> str:
    """A tensor's name in transformers' Llama."""
    parts = theirs.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{NAMES[parts[2]]}.{parts[3]}"
    return f"{OUTSIDE[parts[0]]}.{parts[1]}"


def _tokenizer(tokens: list[str], merges: list[str], kinds: list[int]) -> Any:
    """The byte-pair encoding of SmolLM: single digits, then bytes (llama.cpp's pre-tokenizer "smollm")."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    words = {token: number for number, token in enumerate(tokens)}
    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    coder = Tokenizer(models.BPE(words, pairs))
    coder.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    coder.decoder = decoders.ByteLevel()
    coder.add_special_tokens(
        [
            AddedToken(t, special=True, normalized=False)
            for t, kind in zip(tokens, kinds, strict=True)
            if kind == CONTROL
        ]
    )
    return coder
