"""All that a person chose on the Prune page, and what it means: a base, a pruning step, studies, a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from pages.choices.notation import NUMBER, SPARSITY, named
from pages.choices.words import Words
from pruning.common.levels import LEVELS, in_percent, percent_digits, share_in_percent
from pruning.common.registry import Registry
from pruning.common.spec import Options, Spec
from pruning.common.validation import checked
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.results.sentences import removed, unreached
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.study.recipe import AnyStep
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from pruning.zoo.kinds import datasets, models

LEVEL = 800
"""The level (per mille) of a first visit, and of whatever is asked for at any level."""
RECALIBRATION = Recalibrate()
METHOD: dict[str, Registry[Any]] = {"scorer": scorers, "granularity": granularities, "allocation": allocations}
"""The parts of a method; each has options."""


class MethodChoice(Spec):
    """How to prune, whatever the model and the level: criterion, granularity and allocation with their options."""

    scorer: str = "magnitude_l1"
    scorer_options: Options = Field(default_factory=dict)
    granularity: str = "weight"
    granularity_options: Options = Field(default_factory=dict)
    reduction: Literal["mean", "sum", "l2", "max"] = "mean"
    allocation: str = "global"
    allocation_options: Options = Field(default_factory=dict)

    def options(self, part: str) -> Options:
        """The options of a part of the method that were given, each of its own type: ``"500"`` may stand for 500.

        Raises:
            BadValue: the part has no such option, or not with this value.
        """
        name, given = getattr(self, part), getattr(self, f"{part}_options")
        read = checked(f"the options of {part} '{name}'", METHOD[part][name], given)
        return read.model_dump(mode="json", exclude_unset=True)

    def method(self) -> str:
        """Criterion, granularity and allocation in a few words, with the options that differ from their defaults."""
        words = [scorers[self.scorer].label + _said(self.scorer_options)]
        if self.granularity != DEFAULT.granularity:
            words.append(granularities[self.granularity].label.lower() + _said(self.granularity_options))
            if self.reduction != DEFAULT.reduction:
                words.append(f"{self.reduction} of scores")
        words.append(allocations[self.allocation].label.lower() + _said(self.allocation_options))
        return ", ".join(words)


class Setting(MethodChoice, Words):
    """All that a person chose on the Prune page."""

    notations = {
        "model": named(models),
        "data": named(datasets),
        **{part: named(entries) for part, entries in METHOD.items()},
        "weights": NUMBER,
        "seed": NUMBER,
        "sparsity": SPARSITY,
    }
    reader, place, instead = "this program", "here", "{} is shown instead"
    detailed = True

    model: str = "resnet_20"
    data: str | None = None
    weights: int = Field(0, ge=0, description="Training seed of the weights.")
    sparsity: int = Field(LEVEL, ge=0, lt=LEVELS, description="Share removed, in per mille.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of what the scorer draws.")
    device: str = Field("cpu", pattern=r"^(cpu|mps|cuda(:\d+)?)$")
    layer: str | None = None
    axis: Literal["sparsity", "remaining"] = "sparsity"
    pin: str | None = Field(None, description="The pinned setting, as the words of its own link.")

    @property
    def base(self) -> Base:
        return Base(model=self.model, data=self.data, seed=self.weights, device=self.device)

    @property
    def prune(self) -> Prune:
        """The pruning step of this setting.

        Raises:
            Incompatible: the criterion, the granularity and the allocation do not go together.
        """
        return Prune(
            scorer=self.scorer,
            options=self.scorer_options,
            granularity=self.granularity,
            granularity_options=self.granularity_options,
            reduction=self.reduction,
            allocation=self.allocation,
            allocation_options=self.allocation_options,
            sparsity=self.sparsity,
            seed=self.seed,
        )

    @property
    def dense(self) -> bool:
        """Whether nothing is removed."""
        return self.sparsity == 0

    @property
    def level_digits(self) -> str:
        """The level in per cent, without the sign: "97.5"."""
        return percent_digits(self.sparsity)

    @property
    def level_words(self) -> str:
        """The level in per cent: "97.5 %"."""
        return in_percent(self.sparsity)

    def at(self, level: int) -> Self:
        """The same at another level (per mille)."""
        return self.model_copy(update={"sparsity": level})

    def at_any_level(self) -> Self:
        """What numbers at all levels depend on: the setting without its level, and without how one looks at them."""
        return self.model_copy(update={name: getattr(DEFAULT, name) for name in ("layer", "pin", "axis")}).at(0)

    def study(self, *measures: MeasureSpec, recalibrate: bool = False) -> Study:
        """The study of these measures at the chosen level."""
        recipe: tuple[AnyStep, ...] = (self.prune, RECALIBRATION) if recalibrate else (self.prune,)
        return Study(base=self.base, recipe=recipe, measures=measures)

    def curve(self, measure: MeasureSpec, levels: tuple[int, ...], *, recalibrate: bool = False) -> Study:
        """The study of one measure at many levels."""
        return self.study(measure, recalibrate=recalibrate).at_levels(levels)

    def sentence(self) -> str:
        """The setting in a few words, for lists and legends."""
        return f"{models[self.model].label}, {self.method()}, {self.level_words}"


def _said(options: Options) -> str:
    """Options in brackets, or nothing."""
    return f" ({', '.join(f'{name} {value}' for name, value in options.items())})" if options else ""


DEFAULT = Setting()


def gone(setting: Setting, profile: Mapping[str, Any] | None) -> str:
    """What is removed, as asked and, where that differs, as it really is: "50 % of its channels (74 % of …)"."""
    unit = granularities[setting.granularity].unit
    asked = setting.level_words
    target = setting.allocation_options.get("target", "units")
    words = {"parameters": f"{asked} of its weights asked for", "macs": f"{asked} of its MACs asked for"}
    text = words.get(target, f"{asked} of its {unit}")
    if profile is None:
        return text
    if unreached(profile, setting.sparsity):
        return f"{text} (out of reach)"
    really = removed(profile, setting.sparsity)
    if unit == "weights" and target == "units" and abs(1000 * really - setting.sparsity) <= 0.5:
        return text
    return f"{text} ({share_in_percent(really)} of all prunable weights)"
