"""What a person chose on the page Language, and the studies that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from pages.choices.notation import LEVEL, Notation
from pages.choices.words import Words
from pruning.common.errors import BadValue
from pruning.steps.prune import Prune
from pruning.study.recipe import level_axis
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base

EMBEDDED = "lm:llama_novels"
NETWORKS = (EMBEDDED, "lm:smollm2")
SOLVERS = ("magnitude_l1", "wanda", "sparse_gpt", "ria", "random")
"""Criteria whose curves are stored: the control last."""
STOPS = (0, 200, 300, 400, 500, 600, 700)
"""Levels, per mille, of these curves: what a solver leaves is another network at each."""
PROMPTS = {
    EMBEDDED: "It was a truth which Emma could not but feel, that",
    "lm:smollm2": "Explain in three sentences why leaves are green.",
}
SAMPLES = {EMBEDDED: 128, "lm:smollm2": 10}
"""Windows of 256 tokens that calibrate."""
LOOKS: dict[str, dict[str, Any]] = {EMBEDDED: {}, "lm:smollm2": {"count": 8, "prompts": 4, "length": 40}}
"""How much is measured: of a large network a quick figure."""


class Reading(Words):
    """The page's controls."""

    notations: ClassVar[Mapping[str, Notation]] = {"level": LEVEL}

    model: Literal["lm:llama_novels", "lm:smollm2"] = EMBEDDED
    scorer: Literal["magnitude_l1", "wanda", "sparse_gpt", "ria", "random"] = "magnitude_l1"
    level: int = Field(500, ge=0, le=700, description="Share of the weights that goes, per mille: one of the stops.")
    prompt: str = Field("", max_length=2_000, description="What both networks continue; empty: a usual one.")
    seed: int = Field(0, ge=0, le=999, description="Of the chance by which tokens are drawn.")
    window: int = Field(0, ge=0, le=300, description="Which window of the test text is shown token by token.")

    @property
    def said(self) -> str:
        """The prompt, or the network's usual one."""
        return self.prompt or PROMPTS[self.model]

    @field_validator("level")
    @classmethod
    def _stop(cls, level: int) -> int:
        if level not in STOPS:
            raise BadValue(f"Levels are stops, per mille: {', '.join(map(str, STOPS))}.")
        return level

    def step(self, level: int | None = None, scorer: str | None = None) -> Prune:
        """The pruning, at this level or another."""
        scorer = scorer or self.scorer
        calibrated = {"samples": SAMPLES[self.model]} if scorer in ("wanda", "sparse_gpt", "ria") else {}
        usual = Prune(scorer=scorer, options=calibrated, allocation="uniform")
        return usual.at(self.level if level is None else level)

    def curve(self, scorer: str) -> Study:
        """Perplexity and what it hides, at every stop."""
        step = self.step(500, scorer)
        return Study(base=self.base, recipe=(step,), axes={level_axis((step,)): STOPS}, measures=(self.look,))

    def patterns(self, scorer: str) -> Study:
        """The same where two of four neighbours stay."""
        step = self.step(500, scorer).model_copy(update={"granularity": "n_m"})
        return Study(base=self.base, recipe=(step,), measures=(self.look,))

    def blocks(self, levels: tuple[int, ...]) -> Study:
        """The same without whole blocks, those of least influence first."""
        step = Prune(
            granularity="layer_block",
            scorer="block_influence",
            options={"samples": SAMPLES[self.model]},
        ).at(levels[0])
        return Study(base=self.base, recipe=(step,), axes={level_axis((step,)): levels}, measures=(self.look,))

    def tokens(self) -> Study:
        """Losses of the tokens of one window."""
        measure = MeasureSpec(name="token_losses", options={"window": self.window})
        return Study(base=self.base, recipe=(self.step(),), measures=(measure,))

    def writing(self, level: int, length: int = 80) -> Study:
        """A text at this level; at 0 that of the dense network."""
        options = {"prompt": self.said, "seed": self.seed, "length": length}
        recipe = (self.step(level),) if level else ()
        return Study(base=self.base, recipe=recipe, measures=(MeasureSpec(name="text", options=options),))

    @property
    def base(self) -> Base:
        return Base(model=self.model)

    @property
    def look(self) -> MeasureSpec:
        return MeasureSpec(name="language", options=LOOKS[self.model])
