"""Splits of text, and the same as tokens: windows of ids that do not overlap, cut by the network's own tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pruning.common.errors import BadTensor, Missing, reason
from pruning.common.limits import WORKER_SPLITS


@dataclass(frozen=True)
class TextSplit:
    """A text; its examples are counted only once a tokenizer has cut it."""

    content: str

    def __len__(self) -> int:
        return len(self.content)


@dataclass(frozen=True)
class TokenSplit:
    """A text as windows of tokens; what does not fill the last window is left out.

    Attributes:
        ids: int64 ``(windows, tokens)``.
        ends: int64 like ``ids``: where in the text each token ends, in characters.
        content: the text.
    """

    ids: Tensor
    ends: Tensor
    content: str

    @property
    def labels(self) -> Tensor:
        """What comes next is asked of the inputs themselves."""
        return self.ids

    def __len__(self) -> int:
        return len(self.ids)

    def batch(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        return self.ids[start:stop], self.ids[start:stop]

    def take(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        return self.ids[positions], self.ids[positions]

    def characters(self, count: int) -> int:
        """Characters of the tokens that are scored in the first ``count`` windows: all but each window's first."""
        return int((self.ends[:count, -1] - self.ends[:count, 0]).sum())

    def text(self, position: int) -> str:
        """A window, as it stands in the text, without its first token."""
        return self.content[int(self.ends[position, 0]) : int(self.ends[position, -1])]


def cut(content: str, coder: Any, window: int) -> TokenSplit:
    """A text in windows of so many tokens.

    Args:
        coder: a ``tokenizers.Tokenizer``.

    Raises:
        Missing: the text is shorter than one window.
    """
    found = coder.encode(content, add_special_tokens=False)
    count = len(found.ids) // window
    if not count:
        raise Missing(f"The text has {len(found.ids)} tokens, and a window takes {window}: it is too short.")
    ids, ends = torch.tensor(found.ids), torch.tensor([end for _, end in found.offsets])
    return TokenSplit(ids[: count * window].view(count, window), ends[: count * window].view(count, window), content)


@lru_cache(maxsize=4)
def _coder(path: str, *_: int) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(path)
    except Exception as error:  # tokenizers raises plain Exceptions
        raise BadTensor(f"The tokenizer {path} cannot be read: {reason(error)}.") from None


def coder_of(folder: Path) -> Any:
    """The tokenizer of a network's folder, a ``tokenizers.Tokenizer``; read again when its file changes.

    Raises:
        Missing: there is none.
        BadTensor: its file is damaged.
    """
    path = folder / "tokenizer.json"
    try:
        about = path.stat()
    except OSError:
        raise Missing(
            f"{folder} has no tokenizer.json: save the network's tokenizer there, in its fast form."
        ) from None
    return _coder(str(path), about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=WORKER_SPLITS)
def tokenized(split: TextSplit, folder: Path, window: int, *_: int) -> TokenSplit:
    """A text as a network's tokenizer cuts it."""
    return cut(split.content, coder_of(folder), window)
