"""What a person chooses on the page Failures, and the studies that it means. No torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from pages.choices.notation import json_of
from pages.choices.setting import RECALIBRATION, Setting
from pages.choices.words import Words
from pruning.common.errors import BadValue
from pruning.study.methods.approaches import CHOICE, REPORT, ComparisonPlan, approaches
from pruning.study.methods.defaults import defaults_of
from pruning.study.recipe import AnyStep
from pruning.study.study import MeasureSpec, Network, Study
from pruning.zoo.base import Base
from pruning.zoo.kinds import SEVERITIES, corruptions

WAYS = {
    "fine": "pruned, then fine-tuned",
    "pruned": "pruned",
    "recalibrated": "pruned, BatchNorm recalibrated",
    "int8": "int8 file, nothing pruned",
    "own": "a recipe of your own",
}
"""Ways to compress by the controls; the others are those of the page Compare, by their names."""
OF_SETTING = ("fine", "pruned", "recalibrated")
SPLITS: tuple[Literal["test", "validation"], ...] = ("test", "validation")
COUNTS = {"test": REPORT, "validation": CHOICE}
UNKNOWN = 500
"""Unknown inputs of each kind."""
STRONG = 3
"""The severity at which corruptions are told on the watch list, and at which the prune potential is measured."""
LEVELS = (500, 700, 800, 900, 950, 975)
"""Levels (per mille) of the prune potential."""


class Suspicion(Words):
    """What is looked at, beside the setting."""

    way: str = Field("fine", max_length=40, description="How the network was compressed.")
    recipe: str = Field("", max_length=20_000, description="A recipe of one's own: a list of steps as JSON.")
    images: int = Field(1000, ge=100, le=10_000, description="Images under each corruption.")
    networks: int = Field(30, ge=2, le=30, description="Networks of each kind, for exemplars.")
    panel: Literal["classes", "exemplars", "groups", "confidence", "weather", "unknown", "why", "watch"] = "classes"
    by: str = Field("brightness", max_length=60, description="Property by which images are grouped.")

    @field_validator("recipe")
    @classmethod
    def _read(cls, text: str) -> str:
        if text:
            try:
                found = Study.model_validate({"recipe": json_of(text), "measures": [{"name": "size"}]})
            except (ValueError, RecursionError):
                raise BadValue("A recipe is a list of steps as JSON, as a study has them under 'recipe'.") from None
            if not found.recipe:
                raise BadValue("A recipe has at least one step.")
        return text

    def compressed(self, setting: Setting) -> tuple[tuple[AnyStep, ...], bool]:
        """The recipe, and whether what it makes is looked at as an int8 file.

        Raises:
            BadValue: there is no such way for this model.
        """
        plan = ComparisonPlan(model=setting.model)
        match self.way:
            case "pruned":
                return (setting.prune,), False
            case "recalibrated":
                return (setting.prune, RECALIBRATION), False
            case "fine":
                return (setting.prune, plan.fine), False
            case "int8":
                return (), True
            case "own":
                if not self.recipe:
                    raise BadValue("Give a recipe: a list of steps as JSON, as a study has them under 'recipe'.")
                content = {"recipe": json_of(self.recipe), "measures": [{"name": "size"}]}
                return Study.model_validate(content).recipe, False
        if self.way not in (known := approaches(plan)) or self.way == "dense":
            raise BadValue(f"There is no way '{self.way}'. Known: {', '.join([*WAYS, *known])}.")
        return known[self.way].recipe, known[self.way].int8

    def label(self, setting: Setting) -> str:
        """The way in words: "with 90 % of its weights pruned, then fine-tuned"."""
        if self.way in OF_SETTING:
            return f"{setting.level_words} {WAYS[self.way]}"
        if self.way in ("int8", "own"):
            return {"int8": "as an int8 file", "own": "by your recipe"}[self.way]
        return approaches(ComparisonPlan(model=setting.model))[self.way].label

    def study(self, setting: Setting, small: bool, *measures: MeasureSpec) -> Study:
        """Measures of the compressed network (or of the dense one), as it is delivered."""
        recipe, int8 = self.compressed(setting) if small else ((), False)
        if int8:
            measures = tuple(MeasureSpec(name=one.name, options={**one.options, "int8": True}) for one in measures)
        return Study(base=setting.base, recipe=recipe, measures=measures)

    def weather(self, setting: Setting, small: bool) -> Study:
        """All corruptions at all severities, on the first test images; and at one severity on validation."""
        specs = [
            weathered(name, severity, self.images, split)
            for split, severities in (("test", SEVERITIES), ("validation", (STRONG,)))
            for name in known_corruptions()
            for severity in severities
        ]
        return self.study(setting, small, *specs)

    def unknown(self, setting: Setting, small: bool) -> Study:
        """Inputs that show nothing known."""
        names = [name for name in corruptions.names() if not corruptions[name].keeps_label]
        specs = [logits("test", UNKNOWN, corruption=name, severity=1) for name in names]
        return self.study(setting, small, *specs)

    def potential(self, setting: Setting, norm: bool) -> Study:
        """Clean and corrupted accuracy at several levels, right after pruning; BatchNorm recalibrated, if any."""
        clean = logits("test", self.images, keep="classes")
        specs = (clean, *(weathered(name, STRONG, self.images, "test") for name in known_corruptions()))
        recipe = (setting.prune, RECALIBRATION) if norm else (setting.prune,)
        return Study(base=setting.base, recipe=recipe, measures=specs).at_levels(LEVELS)

    def replicates(self, setting: Setting) -> Study:
        """Networks that differ in their seed alone, dense ones first, then each of them pruned and fine-tuned."""
        return replicates(setting, self.networks)


def known_corruptions() -> list[str]:
    """Corruptions that leave the class to be seen."""
    return [name for name in corruptions.names() if corruptions[name].keeps_label]


def logits(split: str, count: int, **options: object) -> MeasureSpec:
    """Answers on the first images of a split."""
    return MeasureSpec(name="logits", options={"split": split, "count": count} | options)


def weathered(name: str, severity: int, count: int, split: str) -> MeasureSpec:
    """Answers under a corruption, without chances."""
    return logits(split, count, corruption=name, severity=severity, keep="classes")


def replicates(setting: Setting, count: int) -> Study:
    """``count`` dense networks trained from scratch with the seeds 0, 1 …, and each of them pruned and fine-tuned."""
    usual = defaults_of(setting.model)
    fine = ComparisonPlan(model=setting.model).fine.model_copy(update={"looks": 1})
    if setting.model in ("lenet_300_100", "lenet_5"):
        fine = fine.model_copy(update={"steps": 600, "convolution": "products"})
    whole = usual.original.model_copy(update={"steps": fine.steps, "looks": 1, "convolution": fine.convolution})
    dense, small = [], []
    for seed in range(count):
        base = Base(model=setting.model, data=setting.data, seed=seed, mark="init", device=setting.device)
        trained = whole.model_copy(update={"seed": seed})
        dense.append(Network(base=base, recipe=(trained,)))
        after = (trained, setting.prune, fine.model_copy(update={"seed": seed}))
        small.append(Network(base=base, recipe=after))
    specs = tuple(logits(split, COUNTS[split], keep="classes") for split in SPLITS)
    return Study(networks=(*dense, *small), measures=specs)
