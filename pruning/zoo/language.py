"""Language models: a folder as transformers writes it, with ``config.json``, weights and a tokenizer.

transformers is imported when a network is built: lists, pages and keys need only the JSON of the folder. No code of a
folder is ever run.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pruning.common.errors import BadTensor, Incompatible, Missing, reason
from pruning.common.hashing import digest
from pruning.zoo.contents import file_hash
from pruning.zoo.kinds import ABSENT, Model

if TYPE_CHECKING:
    from torch import nn

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
WINDOW = 256
"""Tokens of a window, where the network takes so many."""
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size")
"""What configurations of mixtures of experts hold, and no others."""


class LanguageModel(Model):
    """A causal language model of a folder; its examples are windows of tokens."""

    task = "causal_language"
    data = "text:novels"
    embedded = False
    folder: ClassVar[Path]
    """Where its files lie."""
    chats: ClassVar[bool] = False
    """Whether it was trained to answer, and not only to continue a text."""
    facts: ClassVar[dict[str, Any]] = {}
    """Of ``config.json``."""

    def absence(self) -> str:
        """Why it is not on this machine and how to get it; empty where it is. No network."""
        if (self.folder / CONFIG).exists() and _shards(self.folder):
            return ""
        name = self.name.partition(":")[2]
        return f"{self.label} is not on this machine: get it with 'python -m pruning fetch {name}'."

    def fingerprint(self, seed: int, mark: str) -> str:
        if mark == "init":
            return ""
        files = [*_shards(self.folder), self.folder / "tokenizer.json", self.folder / CONFIG]
        try:
            return digest("language model", [file_hash(path) for path in files])[:16]
        except OSError:
            return ABSENT

    def build(self) -> nn.Module:
        transformers = library()
        config = transformers.AutoConfig.from_pretrained(self._there(), local_files_only=True, trust_remote_code=False)
        return ours(transformers.AutoModelForCausalLM.from_config(config, trust_remote_code=False))

    def trained(self) -> nn.Module:
        """The network with its weights in float32, in eval mode.

        Raises:
            Missing: it is not on this machine.
            BadTensor: its files are damaged, or do not fit each other.
        """
        transformers, folder = library(), self._there()
        try:
            model, told = transformers.AutoModelForCausalLM.from_pretrained(
                folder,
                dtype="float32",
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
        except Exception as error:  # whatever transformers raises for files that do not fit
            raise BadTensor(f"The language model {folder} cannot be read: {reason(error)}.") from None
        if lacking := sorted({*told["missing_keys"], *(key for key, *_ in told["mismatched_keys"])}):
            raise BadTensor(f"The language model {folder} does not fit its configuration, as in '{lacking[0]}'.")
        return ours(model).eval()

    @classmethod
    def asked(cls, prompt: str) -> str:
        """A prompt as the network reads it: a question within its marks, where it was trained to answer."""
        return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n" if cls.chats else prompt

    def _there(self) -> Path:
        if why := self.absence():
            raise Missing(why)
        return self.folder


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))


def library() -> Any:
    """The package transformers, quiet, and with torchvision in a state in which it can be imported.

    Raises:
        Missing: it is not installed.
    """
    from pruning.zoo.vision import torchvision

    try:
        torchvision()
        import transformers
        from transformers.utils import logging
    except ImportError as error:
        advice = "install it with 'pip install transformers==5.23.0'"
        raise Missing(f"Language models need transformers, which is not here ({reason(error)}): {advice}.") from None
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return transformers


def ours(model: Any) -> nn.Module:
    """A network of transformers as this program prunes it: GPT-2's transposed layers are linear ones, nothing is cached
    from pass to pass."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    for name, module in list(model.named_modules()):
        if isinstance(module, Conv1D):
            inputs, outputs = module.weight.shape
            linear = nn.Linear(inputs, outputs, device="meta")
            linear.weight = nn.Parameter(module.weight.detach().T.contiguous())
            linear.bias = module.bias
            owner, _, last = name.rpartition(".")
            setattr(model.get_submodule(owner), last, linear)
    model.config.use_cache = False
    return model


@lru_cache(maxsize=64)
def _facts(path: str, *_: int) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise BadTensor(f"{path} cannot be read: {reason(error)}.") from None
    if not isinstance(found, dict):
        raise BadTensor(f"{path} is no configuration of a network.")
    return found


def facts_of(folder: Path) -> dict[str, Any]:
    """What ``config.json`` of a folder says.

    Raises:
        Missing: there is none.
        BadTensor: it is damaged.
        Incompatible: the network is no causal language model that is known here; the sentence says why.
    """
    path = folder / CONFIG
    try:
        about = path.stat()
    except OSError:
        raise Missing(f"{folder} is no folder of a network: it has no {CONFIG}.") from None
    found = _facts(str(path), about.st_mtime_ns, about.st_size)
    kinds = found.get("architectures") or [""]
    if any(found.get(key) for key in EXPERTS):
        raise Incompatible(f"{kinds[0] or folder} is a mixture of experts, which is not supported yet.")
    if not str(kinds[0]).endswith(("ForCausalLM", "LMHeadModel")):
        raise Incompatible(f"{kinds[0] or folder} is no causal language model, which continues a text.")
    return found


def made(name: str, folder: Path, **more: Any) -> type[LanguageModel]:
    """The class of the language model in a folder; what is not told of it is read from its configuration.

    Args:
        more: class variables.
    """
    if (folder / CONFIG).exists():
        facts = facts_of(folder)
        longest = facts.get("max_position_embeddings") or facts.get("n_positions") or WINDOW
        more = {
            "input_shape": (min(WINDOW, int(longest)),),
            "classes": int(facts["vocab_size"]),
            **more,
            "facts": facts,
        }
    about = {"label": folder.name, "input_shape": (WINDOW,), "classes": 0, **more}
    return type(
        name, (LanguageModel,), {"__module__": __name__, "__doc__": name, "name": name, "folder": folder, **about}
    )
