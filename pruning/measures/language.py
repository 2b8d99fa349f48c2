"""What perplexity says of a pruned language model, and what it hides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import OnImages, measures

if TYPE_CHECKING:
    from pruning.state import State

STARTS, COPIED = 24, 24
"""Tokens of a prompt; tokens of a random sequence that is to be copied."""


@measures.register
class Language(OnImages):
    """A language model beside the one it was made from, on the same windows and prompts.

    Result: ``windows``, ``window`` (tokens), ``tokens`` scored, ``characters`` of these, ``split``; for each window
    ``nats`` and ``dense_nats`` (mean loss of a token), ``agree`` (share of tokens whose likeliest next token is the
    dense network's) and ``kl`` (KL(dense || pruned), nats a token); ``perplexity``, ``dense_perplexity``. For each
    prompt ``loops`` and ``dense_loops``: share of runs of four tokens that were written before, in the likeliest
    continuation. For each random sequence ``copied`` and ``dense_copied``: share of its second showing that is
    foretold.
    """

    name = "language"
    label = "Language, and what perplexity hides"
    summary = "Perplexity, agreement with the dense network, loops in what it writes, copying of a random sequence."
    reference = "Frantar et al. 2023, GPTQ (perplexity); Olsson et al. 2022 (copying)"

    count: int = Field(32, ge=1, le=1_000_000, description="Windows of text, from the start of the split.")
    prompts: int = Field(8, ge=1, le=1000, description="Prompts that are continued, and sequences that are copied.")
    length: int = Field(64, ge=8, le=1000, description="Tokens that are written after each prompt.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import math

        import torch

        from pruning.common.errors import Incompatible
        from pruning.measures.tools.writing import repeated, writer, written
        from pruning.network.inputs import at_once, vocabulary
        from pruning.network.passes import like
        from pruning.zoo.match import split_of

        task = state.base.task
        if not task.any_data or not vocabulary(state.model):
            raise Incompatible(f"{state.base.model} is for {task.label.lower()}, and this measure is for language.")
        split: Any = split_of(state.base, self.split)
        count, nets = min(self.count, len(split)), {"": state.model.eval(), "dense_": state.start.model.eval()}
        found: dict[str, list[float]] = {name: [] for name in ("nats", "dense_nats", "agree", "kl")}
        size, work = at_once(state.model, split.batch(0, 1)[0]), count + self.prompts
        with torch.inference_mode():
            for start in range(0, count, size):
                desk.progress(start, work, "windows of text")
                ids, targets = split.batch(start, min(start + size, count))
                scores = {name: task.forward(net, like(net, ids)) for name, net in nets.items()}
                for name, outputs in scores.items():
                    found[f"{name}nats"] += task.quality(outputs, targets.to(outputs.device)).tolist()
                for own, dense in zip(scores[""], scores["dense_"], strict=True):
                    own, dense = own[:-1].float().log_softmax(1), dense[:-1].float().log_softmax(1)
                    found["agree"].append(float((own.argmax(1) == dense.argmax(1)).double().mean()))
                    found["kl"].append(float((dense.exp() * (dense - own)).sum(1).mean()))
        means = {name: sum(found[f"{name}nats"]) / count for name in nets}
        result: dict[str, Any] = {
            "windows": count,
            "window": split.ids.shape[1],
            "tokens": count * (split.ids.shape[1] - 1),
            "characters": split.characters(count),
            "split": self.split,
            **{f"{name}perplexity": task.summary_of(mean, 1) for name, mean in means.items()},
            **{name: [_rounded(value) for value in values] for name, values in found.items()},
        }
        starts = split.ids[torch.linspace(0, len(split) - 1, self.prompts).long(), :STARTS]
        strange = torch.randint(
            3, vocabulary(state.model), (self.prompts, COPIED), generator=torch.Generator().manual_seed(0)
        )
        for name, net in nets.items():
            pen = writer(net)
            result[f"{name}loops"], result[f"{name}copied"] = [], []
            for number, (prompt, sequence) in enumerate(zip(starts, strange, strict=True)):
                desk.progress(count + number, work, "writing")
                result[f"{name}loops"].append(_rounded(repeated(list(written(pen, prompt, self.length)))))
                twice = like(net, sequence.repeat(2).view(1, -1))
                with torch.inference_mode():
                    said = task.forward(net, twice)[0, COPIED:-1].argmax(1).cpu()
                result[f"{name}copied"].append(_rounded(float((said == sequence[1:]).double().mean())))
        assert all(math.isfinite(value) for value in found["dense_nats"])
        return result


def _rounded(value: float) -> float:
    """Four digits behind the point are more than windows can tell apart; files of results stay small."""
    return round(value, 4)
