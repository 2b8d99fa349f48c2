"""What a report cannot say: what was not measured, too few seeds, estimates. And the checklist of Blalock et al."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pruning.criteria.kinds import scorers
from pruning.measures.kinds import measures
from pruning.results.charts.base import Chart
from pruning.results.report.blocks import PrintedTable
from pruning.results.report.evidence import Evidence
from pruning.zoo.kinds import models

FEW_SEEDS, FEW_LEVELS = 3, 5
SIZES = {"size", "footprint", "structure", "delivery", "quantization", "runtime"}
MACS = {"size", "footprint", "structure", "macs_table"}


@dataclass(frozen=True)
class Facts:
    """What of all runs together decides whether something is missing."""

    measured: frozenset[str]
    criteria: frozenset[str]
    levels: int
    seeds: int
    networks: int
    data: int
    trained: bool
    accuracies: bool
    collapses: bool
    splits: frozenset[str]

    @classmethod
    def of(cls, runs: Sequence[Evidence]) -> Facts:
        steps = [step for run in runs for step in run.prunes().values()]
        cells = [cell for run in runs for cell in run.cells]
        found = [one for run in runs for one in run.accuracies]
        chance = {one.value["correct"] / max(1, one.value["dense_correct"]) for one in found}
        return cls(
            measured=frozenset(str(row["measure"]) for run in runs for row in run.rows),
            criteria=frozenset(step.scorer for step in steps),
            levels=max((len({one.level for one in run.accuracies}) for run in runs), default=0),
            seeds=min((len({one.seed for one in run.accuracies}) for run in runs if run.accuracies), default=0),
            networks=len({cell.base.model for cell in cells}),
            data=len({cell.base.data_name for cell in cells}),
            trained=any(step.kind == "train" for cell in cells for step in cell.recipe),
            accuracies=bool(found),
            collapses=min(chance, default=1.0) < 0.5,
            splits=frozenset(one.split for one in found),
        )

    @property
    def timed(self) -> bool:
        return any(not measures[name].pure for name in self.measured)


def limitations(runs: Sequence[Evidence], charts: Sequence[Chart] = (), unsourced: int = 0) -> list[str]:
    """A sentence for each thing that these numbers do not tell.

    Args:
        charts: those of the report: their columns say which of their numbers are estimates.
        unsourced: items that were added without a run.
    """
    facts, said = Facts.of(runs), []
    if not runs:
        said.append("No run is part of this report: what the charts were measured on stands in their captions alone.")
    elif unsourced:
        said.append(f"{unsourced} of the items were added from pages; their settings are in the links beside them.")
    if runs and not facts.accuracies:
        said.append("No accuracy was measured: nothing here says how good the pruned networks are.")
    if facts.accuracies and facts.seeds < FEW_SEEDS:
        count = "one seed" if facts.seeds == 1 else f"{facts.seeds} seeds"
        said.append(f"Too few seeds: with {count}, how another training would turn out is hardly known.")
    if facts.accuracies and facts.levels < FEW_LEVELS:
        count = "one level" if facts.levels == 1 else f"{facts.levels} levels"
        said.append(f"Only {count} of sparsity: where accuracy gives way is not located.")
    if runs and not facts.timed:
        said.append("No time was measured: nothing here says that anything became faster.")
    elif facts.timed:
        said.append("Times are those of one machine and its load; on another they differ.")
    if runs and not facts.measured & SIZES:
        said.append("No file was measured: zeros alone make none smaller.")
    if runs and not facts.measured & MACS:
        said.append("Multiply-accumulates (MACs) were not counted.")
    if facts.accuracies and not facts.trained:
        said.append("Nothing was trained after pruning: these are one-shot results, which training would change.")
    if facts.networks == 1 and facts.data == 1:
        said.append("One network on one data set: no claim goes beyond them.")
    if "test" in facts.splits and len(facts.criteria) > 1:
        said.append("Whoever picks the best of these by its test accuracy reports it too high: choose on validation.")
    lacking = sum(run.lacking for run in runs)
    if lacking:
        said.append(f"{lacking:,} results that the study asks for are not stored, and are missing here.")
    for place, chart in enumerate(charts):
        if guessed := [str(name) for name in chart.table.columns if "estimate" in str(name).lower()]:
            said.append(f"Figure {place + 1} holds estimates, which are not measured: {', '.join(guessed)}.")
    return said


HEAD = ("item", "here", "what there is, or what is missing")
YES, PART, NO = "yes", "in part", "missing"


def checklist(runs: Sequence[Evidence]) -> PrintedTable:
    """The checklist of Blalock et al. 2020 (appendix B, in short words), filled in."""
    facts = Facts.of(runs)
    magnitude = {name for name in facts.criteria if name.startswith("magnitude")}
    controls = {name for name in facts.criteria if scorers[name].family == "control"}
    rivals = facts.criteria - magnitude - controls
    cited = all(models[cell.base.model].reference for run in runs for cell in run.cells)
    one_seed = f"{facts.seeds} seed{'s' if facts.seeds != 1 else ''}"
    lines = (
        ("Set beside magnitude pruning, recent and early techniques", PART, _names(facts.criteria)),
        ("Algorithm and hyperparameters in enough detail to repeat", YES, "methods, and the study as a file"),
        ("Claims restricted to what was tried", YES, "limitations, which the program writes"),
        ("Source code can be had", YES, "this program, and the commands in the appendix"),
        ("Architecture in detail", YES, "named in methods; its code comes with the program"),
        ("Architecture cited", YES if cited and runs else NO, "in methods" if cited and runs else "no reference known"),
        ("Data set and preprocessing in detail", PART, "data set and splits; its preprocessing is in the source"),
        ("Library and hardware named", YES, "versions and machine in methods"),
        (
            "A range of compression ratios, up to where accuracy falls",
            YES if facts.levels >= FEW_LEVELS and facts.collapses else PART if facts.levels > 1 else NO,
            f"{facts.levels} level{'s' if facts.levels != 1 else ''}"
            + ("" if facts.collapses else "; none at which accuracy falls to half"),
        ),
        ("Raw accuracy at each point", YES if facts.accuracies else NO, "table" if facts.accuracies else "no accuracy"),
        (
            "Several runs with separate seeds",
            YES if facts.seeds >= FEW_SEEDS else PART if facts.seeds > 1 else NO,
            one_seed,
        ),
        (
            "Error bars, with centre and variation defined",
            YES if facts.seeds > 1 else PART if facts.accuracies else NO,
            "mean and standard deviation over seeds" if facts.seeds > 1 else "intervals over images, not over seeds",
        ),
        (
            "Operations counted, if speed is argued",
            YES if facts.measured & MACS else NO,
            "MACs" if facts.measured & MACS else "MACs were not counted, and no speed is claimed",
        ),
        (
            "A random baseline",
            YES if "random" in facts.criteria else NO,
            "random" if "random" in facts.criteria else "add the scorer 'random'",
        ),
        (
            "A random baseline with the same share in each layer",
            YES if "shuffled" in facts.criteria else NO,
            "shuffled masks" if "shuffled" in facts.criteria else "add the scorer 'shuffled'",
        ),
        ("A magnitude baseline", YES if magnitude else NO, _names(magnitude) or "add the scorer 'magnitude_l1'"),
        (
            "Other techniques, with how they were made comparable",
            YES if rivals else NO,
            f"{_names(rivals)}: reimplemented here, same weights and images" if rivals else "none",
        ),
    )
    return PrintedTable(
        HEAD, lines, "Checklist of Blalock et al. 2020 (appendix B, shortened), filled in from the runs."
    )


def _names(criteria: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(scorers[name].label for name in criteria))
