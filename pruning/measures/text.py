"""What a language model writes after a prompt, token by token while it is written, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Timing, measures

if TYPE_CHECKING:
    from pruning.state import State

PACE = 0.15
"""Seconds between two looks at a text that grows."""


@measures.register
class Text(Timing):
    """The continuation of a prompt.

    Result: ``prompt``, ``text``, ``tokens`` written; ``first`` (seconds to the first token), ``rate`` (tokens a second
    after it; none where there is one token); ``cut``: whether the prompt was too long and lost its beginning.
    """

    name = "text"
    label = "Text"
    summary = "The continuation of a prompt, with the time to the first token and tokens a second."

    prompt: str = Field("It is a truth", min_length=1, max_length=4_000, description="What is continued.")
    length: int = Field(80, ge=1, le=1_000, description="Tokens that are written.")
    temperature: float = Field(0.8, ge=0, le=5, description="0: the likeliest token; higher: more chance.")
    seed: int = Field(0, ge=0, lt=2**31, description="Of the chance; the same for all networks.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import time

        import torch

        from pruning.common.errors import Incompatible
        from pruning.measures.tools.writing import writer, written
        from pruning.zoo.kinds import models
        from pruning.zoo.language import LanguageModel
        from pruning.zoo.texts import coder_of

        entry = models[state.base.model]
        if not issubclass(entry, LanguageModel):
            raise Incompatible(f"{entry.label} writes no text: choose a language model.")
        coder, pen = coder_of(entry.folder), writer(state.model)
        ids = coder.encode(entry.asked(self.prompt), add_special_tokens=False).ids
        room = max(1, entry.input_shape[0] - self.length) if not entry.chats else len(ids)
        given = torch.tensor(ids[-room:])
        made: list[int] = []
        began = shown = time.perf_counter()
        first = 0.0
        for token in written(pen, given, self.length, self.temperature, self.seed):
            made.append(token)
            now = time.perf_counter()
            first = first or now - began
            if now - shown > PACE:
                shown = now
                so_far = self._result(coder, made, first, now - began, ids, room)
                desk.progress(len(made), self.length, "writing", so_far)
        return self._result(coder, made, first, time.perf_counter() - began, ids, room)

    def _result(
        self, coder: Any, made: list[int], first: float, seconds: float, ids: list[int], room: int
    ) -> dict[str, Any]:
        rate = (len(made) - 1) / (seconds - first) if len(made) > 1 and seconds > first else None
        return {
            "prompt": self.prompt,
            "text": coder.decode(made),
            "tokens": len(made),
            "first": first,
            "rate": rate,
            "cut": len(ids) > room,
        }
