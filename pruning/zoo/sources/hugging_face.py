"""Networks of Hugging Face: an id of the hub, or a folder with ``config.json`` and safetensors, whole or in shards.

Code that comes with a network is never run. Language models and encoders of sentences have a place of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pruning.common.errors import BadTensor, Incompatible, Missing, UnknownName, reason, shortened
from pruning.common.hashing import digest
from pruning.common.sources import Source, person_asking
from pruning.zoo.contents import file_hash
from pruning.zoo.hub_configs import of_pictures, of_texts, read_config
from pruning.zoo.kinds import sources
from pruning.zoo.sourced import Sourced, made

if TYPE_CHECKING:
    from torch import Tensor, nn

IMAGES, TEXTS = "ImageClassification", "SequenceClassification"
TASKS = {IMAGES: "image_classification", TEXTS: "classification"}
"""What transformers' classes end with, and the task here."""
PLAIN = ("*.json", "*.safetensors", "*.txt")
"""What is fetched of a repository: no pickle, no code."""


class OfHuggingFace(Sourced):
    """A network of transformers."""

    folder: ClassVar[str] = ""
    head: ClassVar[str] = IMAGES
    pad: ClassVar[int] = 0

    def built(self, classes: int) -> nn.Module:
        library = _transformers()
        config = library.AutoConfig.from_pretrained(self.folder, local_files_only=True, trust_remote_code=False)
        config.num_labels = classes
        auto = getattr(library, f"AutoModelFor{self.head}")
        return self._ready(auto.from_config(config, trust_remote_code=False))

    def trained(self) -> dict[str, Tensor]:
        import torch

        auto = getattr(_transformers(), f"AutoModelFor{self.head}")
        if not self._files():
            raise Missing(self.absence())
        try:
            network, told = auto.from_pretrained(
                self.folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
        except Exception as error:  # a damaged file fails in many ways
            raise BadTensor(f"The weights in {self.folder} cannot be read: {reason(error)}.") from None
        lacking = [*map(str, told["missing_keys"]), *(str(one[0]) for one in told["mismatched_keys"])]
        if lacking:
            raise BadTensor(
                f"The weights in {self.folder} do not fill the network: {len(lacking)} tensors are missing or have "
                f"another shape, such as {', '.join(sorted(lacking)[:3])}."
            )
        return network.state_dict()

    def absence(self) -> str:
        if self._files():
            return ""
        rest = self.name.partition(":")[2]
        right = "save the network with save_pretrained, which writes them"
        if not Path(rest).expanduser().is_dir():
            right = f"with a network, 'hf download {rest}' brings them"
        return f"There are no safetensors in {self.folder}: {right}. Weights in .bin files are not read here."

    def place(self) -> str:
        return self.folder

    def fingerprint(self, seed: int, mark: str) -> str:
        files = [Path(self.folder) / "config.json", *(self._files() if mark != "init" else [])]
        return digest(super().fingerprint(seed, mark), [file_hash(path) for path in files])

    def _files(self) -> list[Path]:
        return sorted(Path(self.folder).glob("*.safetensors"))

    def _ready(self, network: Any) -> nn.Module:
        if self.head == TEXTS:
            network.register_forward_pre_hook(Unpadded(self.pad), with_kwargs=True)
        return network


class Unpadded:
    """A hook before the forward pass of a text classifier: padding is not looked at, but for a first token."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, module: nn.Module, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        if named or len(args) != 1:
            return None
        (ids,) = args
        seen = (ids != self.pad).clone()
        seen[:, 0] = True
        return (), {"input_ids": ids, "attention_mask": seen.long()}


@sources.register
class HuggingFace(Source):
    name = "hf"
    label = "Hugging Face"
    summary = "Classifiers of pictures and texts: an id of the hub, or a folder that save_pretrained wrote."
    example = "hf:google/vit-base-patch16-224"
    rank = 30

    def entry(self, rest: str) -> type[OfHuggingFace]:
        folder = _folder(rest)
        config = read_config(folder / "config.json")
        kinds = [str(kind) for kind in config.get("architectures") or []]
        head = next((head for head in TASKS for kind in kinds if kind.endswith(f"For{head}")), None)
        if head is None:
            raise Incompatible(
                f"{rest} is {shortened(', '.join(kinds)) or 'no network that says what it is'}: from Hugging Face, "
                "classifiers of pictures and of texts are taken here."
            )
        if "auto_map" in config:
            raise Incompatible(f"{rest} comes with code of its own, which is not run here: choose another network.")
        names = config.get("id2label")
        names = [str(names[key]) for key in sorted(names, key=int)] if isinstance(names, dict) else []
        facts = of_pictures(config, folder) if head == IMAGES else of_texts(config)
        facts |= {
            "label": rest.rstrip("/").rpartition("/")[2],
            "task": TASKS[head],
            "folder": str(folder),
            "head": head,
        }
        facts |= {"classes": len(names) or int(config.get("num_labels", 2)), "class_names": names}
        facts["summary"] = f"{kinds[0]}, {facts['classes']} outputs."
        return made(OfHuggingFace, f"{self.name}:{rest}", facts)


def _folder(rest: str) -> Path:
    """Where the files lie: a folder, the hub's cache, or fetched into it now."""
    local = Path(rest).expanduser()
    on_page = person_asking() is not None
    if not on_page and local.is_dir():
        return local.resolve()
    import huggingface_hub
    from huggingface_hub.errors import HFValidationError

    try:
        found = huggingface_hub.try_to_load_from_cache(rest, "config.json")
        if isinstance(found, str):
            return Path(found).parent
    except HFValidationError:
        raise UnknownName("folder or id of Hugging Face", rest, ()) from None
    missing = (
        f"{rest} is not on this machine: with a network, 'hf download {rest}' brings it; or give a folder with "
        "config.json and safetensors."
    )
    if on_page:  # whoever writes an address must not fill this server's disk
        raise Missing(missing)
    try:
        return Path(huggingface_hub.snapshot_download(rest, allow_patterns=list(PLAIN), etag_timeout=5))
    except Exception as error:  # no network, no such id, no leave: the hub's library has many ways to say so
        raise Missing(f"{missing} This was tried just now: {reason(error)}.") from None


def _transformers() -> Any:
    try:
        from pruning.zoo.vision import torchvision

        torchvision()  # which transformers imports, and which needs help beside a CPU build of torch
        import transformers
    except ImportError:
        raise Missing("transformers is not installed: pip install transformers.") from None
    return transformers
