"""A setting of the Prune page as the words of a link, and back: ``?v=1&model=lenet_5&sparsity=90``.

Everything that comes from a link is validated here. A stale or wrong link still opens: what could not be used is
replaced by the default, and said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from pruning import registry
from pruning.checks import checked
from pruning.errors import PruningError
from pruning.limits import LEVELS
from pruning.specs import AnyStep, Base, MeasureSpec, Prune, Recalibrate, Spec, Study

VERSION = 1
RECALIBRATION = Recalibrate()


class Setting(Spec):
    """All that a person chose on the Prune page."""

    model: str = "resnet_20"
    data: str | None = None
    weights: int = Field(0, ge=0, description="Training seed of the weights.")
    scorer: str = "magnitude_l1"
    granularity: str = "weight"
    allocation: str = "global"
    sparsity: int = Field(800, ge=0, lt=LEVELS, description="Share removed, in per mille.")
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
        return Prune(
            scorer=self.scorer,
            granularity=self.granularity,
            allocation=self.allocation,
            sparsity=self.sparsity,
            seed=self.seed,
        )

    def study(self, *measures: MeasureSpec, recalibrate: bool = False) -> Study:
        """The study of these measures at the chosen level."""
        recipe: tuple[AnyStep, ...] = (self.prune, RECALIBRATION) if recalibrate else (self.prune,)
        return Study(base=self.base, recipe=recipe, measures=measures)

    def curve(self, measure: MeasureSpec, levels: tuple[int, ...], *, recalibrate: bool = False) -> Study:
        """The study of one measure at many levels."""
        recipe: tuple[AnyStep, ...] = (self.prune, RECALIBRATION) if recalibrate else (self.prune,)
        return Study(base=self.base, recipe=recipe, axes={"0.sparsity": levels}, measures=(measure,))

    def sentence(self) -> str:
        """The setting in a few words, for lists and legends."""
        parts = [registry.models[self.model].label, registry.scorers[self.scorer].label]
        return f"{', '.join(parts)}, {registry.allocations[self.allocation].label.lower()}, {self.sparsity / 10:g} %"

    def query(self) -> dict[str, str]:
        """The words of a link: what differs from the defaults, sparsity in percent, and the schema version."""
        words = {"v": str(VERSION)}
        for name, value in self.model_dump(exclude_defaults=True).items():
            words[name] = f"{value / 10:g}" if name == "sparsity" else str(value)
        return words


DEFAULT = Setting()
_MEANS = {"model": registry.models, "scorer": registry.scorers, "granularity": registry.granularities,
          "allocation": registry.allocations, "data": registry.datasets}  # fmt: skip


def read_query(words: Mapping[str, str]) -> tuple[Setting, list[str]]:
    """The setting that a link describes, and one sentence for each word that had to be changed.

    A link without words is the default setting. A link of another schema version is read as far as it is understood.
    """
    changes: list[str] = []
    given = dict(words)
    version = given.pop("v", str(VERSION))
    if version != str(VERSION):
        changes.append(f"The link has schema version {version}; this program reads version {VERSION}.")
    chosen: dict[str, object] = {}
    for name, text in given.items():
        if name not in Setting.model_fields:
            changes.append(f"The link's '{name}' is not known here and was left out.")
            continue
        try:
            value = _value(name, text)
            checked("the link", Setting, {name: value})
            chosen[name] = value
        except (PruningError, ValueError) as error:
            default = getattr(DEFAULT, name)
            shown = f"{default / 10:g} %" if name == "sparsity" else "none" if default is None else default
            changes.append(f"The link's {name} '{text}' cannot be used, {shown} is shown instead. {_why(error)}")
    setting = Setting.model_validate(chosen)
    seeds = registry.models[setting.model].seeds
    if setting.weights not in seeds:
        changes.append(f"{setting.model} has weights of training seeds {_listed(seeds)}, not {setting.weights}.")
        setting = setting.model_copy(update={"weights": seeds[0]})
    return setting, changes


def _value(name: str, text: str) -> object:
    """The value that a word of a link means."""
    if name == "sparsity":
        level = float(text) * 10
        if not abs(level - round(level)) < 1e-6:
            raise ValueError("A sparsity is given in percent with at most one decimal, such as 97.5.")
        return round(level)
    if name in ("weights", "seed"):
        return int(text)
    if name in _MEANS:
        _MEANS[name][text]  # type: ignore[index]
    return text


def _why(error: Exception) -> str:
    text = str(error)
    if isinstance(error, PruningError):
        return text.removeprefix("In the link: ")
    return text if "percent" in text else "A number was expected."


def _listed(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values))


def of_study(study: Study) -> Setting:
    """The setting that shows a study on the Prune page: its one level, or the default level for a curve."""
    prunes = [cell for cell in study.cells() if cell.recipe and isinstance(cell.recipe[0], Prune)]
    if not prunes:
        return Setting(model=study.base.model, data=study.base.data, weights=study.base.seed, device=study.base.device)
    cell = prunes[0]
    step = cell.recipe[0]
    assert isinstance(step, Prune)
    return Setting(
        model=cell.base.model,
        data=cell.base.data,
        weights=cell.base.seed,
        device=cell.base.device,
        scorer=step.scorer,
        granularity=step.granularity,
        allocation=step.allocation,
        seed=step.seed,
        sparsity=min(step.sparsity, LEVELS - 1) if len(prunes) == 1 else DEFAULT.sparsity,
    )
