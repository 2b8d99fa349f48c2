"""A pruned language model as a folder that transformers' ``from_pretrained`` loads, where its class can express it."""

from __future__ import annotations

import copy
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from pruning.common.errors import Incompatible, reason
from pruning.compression.files import once
from pruning.compression.removal.fit import Passing
from pruning.compression.removal.outputs import NEAR, difference, output
from pruning.compression.removal.remove import smaller
from pruning.network.groups.heads import heads
from pruning.network.inputs import drawn
from pruning.zoo.kinds import models
from pruning.zoo.language import WEIGHTS, LanguageModel, library, ours

if TYPE_CHECKING:
    from pruning.state import State

WIDTHS = ("intermediate_size", "ffn_dim", "n_inner")
"""What classes of transformers call the width of the MLP."""
LAYERS = ("num_hidden_layers", "n_layer")
ODD = "transformers' class {} has one {} for all blocks, and this network has {}: keep it in this program's own format."


def save_pretrained(state: State, folder: str | Path) -> Path:
    """Write a language model without its masked heads, MLP channels and blocks as transformers reads it; masked single
    weights are zeros in it. It is loaded again and compared before the folder is given out.

    Raises:
        Incompatible: no language model; or its class cannot be built with such sizes. The sentence says which.
    """
    entry = models[state.base.model]
    if not issubclass(entry, LanguageModel):
        raise Incompatible(f"{entry.label} is no language model: it is exported as a file of its own.")
    small, target = copy.deepcopy(smaller(state)[0]).to("cpu").eval(), Path(folder)
    library()
    config: Any = copy.deepcopy(small.config)
    tensors = _renumbered(small, config)
    _sizes(small, config)
    config.use_cache = True
    target.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(target)
    save_file(_as_published(tensors, config), str(target / WEIGHTS), metadata={"format": "pt"})
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json"):
        if (entry.folder / name).exists():
            shutil.copy(entry.folder / name, target / name)
    _proved(small, target)
    return target


def _stack(small: Any) -> tuple[str, nn.ModuleList]:
    """The list of blocks, and its name."""
    lists = {name: m for name, m in small.named_modules() if isinstance(m, nn.ModuleList) and len(m)}
    return max(lists.items(), key=lambda item: len(item[1]))


def _renumbered(small: Any, config: Any) -> dict[str, Tensor]:
    """The tensors without the blocks that were left out, the others numbered anew; the configuration follows."""
    prefix, stack = _stack(small)
    left = [number for number, block in enumerate(stack) if not isinstance(block, Passing)]
    if not left:
        raise Incompatible("All blocks were left out: transformers builds no such network.")
    for name in LAYERS:
        if name in config.to_dict():
            setattr(config, name, len(left))
    kinds = getattr(config, "layer_types", None)
    if kinds:
        config.layer_types = [kinds[number] for number in left]
    tensors = {}
    for name, tensor in once(small.state_dict()).items():
        if match := re.match(rf"{re.escape(prefix)}\.(\d+)\.", name):
            name = f"{prefix}.{left.index(int(match[1]))}.{name[match.end() :]}"
        tensors[name] = tensor
    return tensors


def _sizes(small: Any, config: Any) -> None:
    """The configuration gets the heads and the width that are left.

    Raises:
        Incompatible: blocks differ, where the class knows one number.
    """
    _, stack = _stack(small)
    blocks = [block for block in stack if not isinstance(block, Passing)]
    kind, had = type(small).__name__, config.to_dict()
    counts = {sum(heads(m) for m in block.modules()) for block in blocks}
    if len(counts) > 1:
        raise Incompatible(ODD.format(kind, "number of heads", f"{min(counts)} to {max(counts)}"))
    groups, shared = counts.pop(), getattr(config, "num_key_value_heads", 0) or config.num_attention_heads
    if groups != shared:
        width = getattr(config, "head_dim", 0) or config.hidden_size // config.num_attention_heads
        config.num_attention_heads = groups * config.num_attention_heads // shared
        if hasattr(config, "num_key_value_heads"):
            config.num_key_value_heads, config.head_dim = groups, width
    widths = {_closing(block).in_features for block in blocks}
    if len(widths) > 1:
        raise Incompatible(ODD.format(kind, "width of the MLP", f"{min(widths)} to {max(widths)}"))
    for name in WIDTHS:
        if name in had:
            setattr(config, name, max(widths))


def _closing(block: nn.Module) -> nn.Linear:
    """The last linear layer of a block, which closes its MLP."""
    return [m for m in block.modules() if isinstance(m, nn.Linear)][-1]


def _as_published(tensors: dict[str, Tensor], config: Any) -> dict[str, Tensor]:
    """In transformers' shapes: GPT-2 keeps its linear layers transposed."""
    if config.model_type != "gpt2":
        return tensors
    return {name: t.T.contiguous() if t.ndim == 2 and ".c_" in name else t for name, t in tensors.items()}


def _proved(small: nn.Module, folder: Path) -> None:
    """Raise ``Incompatible`` where the folder does not give the same outputs."""
    ids = drawn(small, (8,), 2, torch.Generator().manual_seed(5))
    try:
        again = library().AutoModelForCausalLM.from_pretrained(
            folder, dtype="float32", local_files_only=True, trust_remote_code=False
        )
        with torch.no_grad():
            apart = difference(ours(again).eval()(ids).logits, output(small, ids))
    except Exception as error:  # whatever transformers raises for sizes that it cannot build
        shutil.rmtree(folder)
        why = reason(error)
    else:
        if apart <= NEAR:
            return
        shutil.rmtree(folder)
        why = f"its outputs differ by {apart:.2g}"
    kind = type(small).__name__
    raise Incompatible(f"transformers' class {kind} cannot express this network ({why}): keep it in our own format.")
