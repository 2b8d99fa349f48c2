"""Causal language: the next token of a text, from those before it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pruning.tasks.kinds import Task, tasks

if TYPE_CHECKING:
    from torch import Tensor


@tasks.register
class CausalLanguage(Task):
    """Inputs and targets are the same ids of tokens ``(n, window)``, outputs ``(n, window, words)`` scores of the next:
    all positions but the last are compared with the token after them (GPTQ's protocol for perplexity)."""

    name = "causal_language"
    label = "Causal language"
    summary = "The next token of a text, from those before it."
    unit = "windows of text"
    measured = "perplexity"
    better = "lower"
    any_data = True
    rank = 40

    def loss(self, outputs: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
        return self._each(outputs, targets, temperature).mean()

    def summed_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self._each(outputs, targets).sum()

    def quality(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Each window's mean negative log likelihood of a token, in nats; all windows hold equally many."""
        return self._each(outputs, targets)

    def summary_of(self, total: float, count: int) -> float:
        """The perplexity of a token; infinite where it cannot be written as a number."""
        mean = total / count
        return math.exp(mean) if mean < 700 else math.inf

    def details(self, total: float, split: Any, count: int) -> dict[str, Any]:
        """Bits a character, by which networks of different tokens compare, and how many tokens were scored."""
        tokens = count * (split.ids.shape[1] - 1)
        nats = total / count * tokens
        return {"bits_a_character": nats / math.log(2) / split.characters(count), "tokens": tokens}

    def distillation(self, outputs: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """T² KL(teacher || student) at temperature T, the mean over all tokens (Hinton et al. 2015, section 2)."""
        from torch.nn import functional as F

        words = outputs.shape[-1]
        soft = (teacher.reshape(-1, words) / temperature).log_softmax(1)
        own = (outputs.reshape(-1, words) / temperature).log_softmax(1)
        return temperature**2 * F.kl_div(own, soft, log_target=True, reduction="batchmean")

    def size(self, shape: tuple[int, ...]) -> str:
        return f"{shape[0]} tokens"

    def show(self, split: Any, position: int) -> dict[str, Any]:
        return {"text": split.text(position)}

    def _each(self, outputs: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
        """Mean cross-entropy of each window ``(n,)``: a softmax of one window at a time is in memory."""
        import torch
        from torch.nn import functional as F

        return torch.stack(
            [
                F.cross_entropy(own[:-1].float() / temperature, true[1:])
                for own, true in zip(outputs, targets, strict=True)
            ]
        )
