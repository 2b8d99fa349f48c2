"""Language models: the one that comes with the program, those that can be fetched, and folders of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pruning.common.environment import ASSETS
from pruning.common.errors import Missing, UnknownName
from pruning.common.sources import Source, asking
from pruning.zoo.kinds import sources
from pruning.zoo.language import CONFIG, made
from pruning.zoo.places import hub_snapshot, model_folder

EMBEDDED = "llama_novels"
KNOWN: dict[str, dict[str, Any]] = {
    EMBEDDED: {
        "label": "Llama (novels)",
        "summary": "1.0 million parameters, trained here on five novels of Jane Austen; continues text, is no chatbot.",
        "reference": "assets/train_language.py",
    },
    "smollm2": {
        "label": "SmolLM2-135M-Instruct",
        "summary": "134.5 million parameters; dense here is the published file of 4 bits, written out in float32.",
        "reference": "Allal et al. 2025, SmolLM2: When Smol Goes Big",
        "chats": True,
    },
}
"""What is known of each network beside its configuration."""


@sources.register
class LanguageModels(Source):
    name = "lm"
    label = "Language models"
    summary = "A causal language model: the embedded one, a fetched one, a folder, or an id of the hub that is here."
    example = f"lm:{EMBEDDED}"

    def entry(self, rest: str) -> type[Any]:
        if rest in KNOWN:
            return made(f"lm:{rest}", folder_of(rest), **KNOWN[rest])
        if asking.get() is not None:  # whoever looks at a page of a server reads no folders of it
            raise UnknownName("language model", rest, KNOWN)
        folder = Path(rest).expanduser()
        if not (folder / CONFIG).exists():
            found = hub_snapshot(rest)
            if found is None:
                raise Missing(
                    f"There is no language model '{rest}': known are {', '.join(KNOWN)}, folders with a {CONFIG}, and "
                    "ids such as facebook/opt-125m whose files the Hugging Face cache holds."
                )
            return made(f"lm:{rest}", found, label=rest)
        return made(f"lm:{rest}", folder)

    def found(self, words: str) -> list[str]:
        return [f"lm:{name}" for name in KNOWN if all(word in name for word in words.lower().split())]


def folder_of(name: str) -> Path:
    """Where a known network lies, or would lie."""
    return ASSETS / "models" / name if name == EMBEDDED else model_folder(name)
