"""The methods paragraph: what was done, from the study and not from memory."""

from __future__ import annotations

from collections.abc import Sequence

from pruning.common.spec import said
from pruning.criteria.compatibility import reduces
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.measures.kinds import measures
from pruning.results.report.blocks import Block, Formula, Prose, literal
from pruning.results.report.citations import Cited
from pruning.results.report.evidence import Evidence, curve_of
from pruning.results.report.provenance import software
from pruning.steps.prune import Prune
from pruning.study.recipe import prunes
from pruning.study.study import Cell
from pruning.study.words import recipe_in_words
from pruning.zoo.kinds import datasets, models

WEIGHTS = {"dense": "trained weights", "early": "weights of early in training", "init": "initial weights"}


def methods(runs: Sequence[Evidence], cite: Cited) -> list[Block]:
    """Network, data, criterion, granularity, allocation, schedule, seeds, images, tests, machine and versions."""
    blocks: list[Block] = []
    for place, run in enumerate(runs):
        if len(runs) > 1:
            blocks.append(Prose(f"**Run {place + 1}{f': {literal(run.name)}' if run.name else ''}.**"))
        blocks += [
            Prose(_networks(run, cite)),
            *_criteria(run, cite),
            Prose(_rest(run, cite)),
            *_schedules(run),
        ]
        blocks.append(Prose(_counted(run)))
    if runs:
        blocks.append(Prose(f"{_machines(runs)} {software()}"))
    return blocks


def _networks(run: Evidence, cite: Cited) -> str:
    parts = []
    for model in dict.fromkeys(cell.base.model for cell in run.cells):
        entry, cells = models[model], [cell for cell in run.cells if cell.base.model == model]
        weights = listed([WEIGHTS[mark] for mark in dict.fromkeys(cell.base.mark for cell in cells)])
        source = "embedded in this program" if entry.embedded else "as published or added"
        seeds = numbers("seed", sorted({cell.base.seed for cell in cells}))
        about = f": {entry.summary}" if entry.summary else "."
        reference = f" ({cite(entry.reference)})" if entry.reference else ""
        parts.append(f"**Network.** {literal(entry.label)}{reference}{about} Start: {weights} ({source}), {seeds}.")
    for name in dict.fromkeys(cell.base.data_name for cell in run.cells):
        if name is None:
            parts.append("**Data.** None: nothing here looks at examples.")
            continue
        data = datasets[name]
        reference = f" ({cite(data.reference)})" if data.reference else ""
        splits = " Splits: " + ", ".join(
            f"{count:,} {split}" for split, count in zip(("training", "validation", "test"), data.sizes, strict=False)
        )
        about = f": {data.summary}" if data.summary else "."
        parts.append(f"**Data.** {literal(data.label)}{reference}{about}{f'{splits}.' if data.sizes else ''}")
    return " ".join(parts)


def _criteria(run: Evidence, cite: Cited) -> list[Block]:
    """Each criterion once, with formula and citation."""
    blocks: list[Block] = []
    seen: dict[str, Prune] = {}
    for cell in run.curves.values():
        for step in prunes(cell.recipe).values():
            seen.setdefault(f"{step.scorer}{said(step.options)}", step)
    for step in seen.values():
        entry = scorers[step.scorer]
        reduced = reduces(step.scorer, step.granularity, step.options)
        unit = f" A unit's score is the {step.reduction} of its weights' scores." if reduced else ""
        reference = f" ({cite(entry.reference)})" if entry.reference else ""
        blocks += [
            Prose(
                f"**Criterion: {literal(entry.label)}**{said(step.options)}{reference}. {entry.idea} Higher is kept:"
            ),
            Formula(entry.formula),
        ]
        if unit:
            blocks.append(Prose(unit.strip()))
    return blocks


def _rest(run: Evidence, cite: Cited) -> str:
    """Granularity and allocation."""
    steps = [step for cell in run.curves.values() for step in prunes(cell.recipe).values()]
    parts = []
    for word, registry, field in (
        ("Granularity", granularities, "granularity"),
        ("Allocation", allocations, "allocation"),
    ):
        found = dict.fromkeys((getattr(step, field), said(getattr(step, f"{field}_options"))) for step in steps)
        for name, options in found:
            entry = registry[name]
            reference = f" ({cite(entry.reference)})" if entry.reference else ""
            parts.append(f"**{word}.** {entry.label}{options}{reference}: {entry.summary}")
    return " ".join(parts) or "**Pruning.** None."


def _schedules(run: Evidence) -> list[Block]:
    """The steps of each curve, once where several share them, at the highest level."""
    last: dict[str, Cell] = {}
    for curve in run.curves:
        cells = [cell for cell in run.cells if curve_of(cell) == curve]
        last[curve] = max(cells, key=lambda cell: cell.level)
    levels = ", ".join(f"{level / 10:g} %" for level in run.levels)
    parts = [f"**Schedule.** Levels of sparsity: {levels}. Steps, at the highest level:", ""]
    for curve, cell in last.items():
        parts.append(f"- {literal(curve)}: {' '.join(recipe_in_words(cell.recipe))}")
    return [Prose("\n".join(parts))]


def _counted(run: Evidence) -> str:
    """What was measured, on which images, how often; intervals and tests."""
    said_of = []
    for spec in run.study.measures:
        entry = measures[spec.name]
        split = getattr(spec.build(), "split", "")
        images = spec.build().images()
        counts = {value["count"] for _, value in run.values(spec.name) if "count" in value} or {images}
        on = f" on the first {listed([f'{count:,}' for count in sorted(counts) if count])} images" if images else ""
        where = f" of the {split} split" if on and split else ""
        said_of.append(f"{entry.label}{on}{where} ({entry.summary.rstrip('.')})")
    seeds = numbers("training seed", sorted({seed for seed, _ in run.seeds}))
    draws = sorted({draw for _, draw in run.seeds})
    drawn = f", {numbers('seed', draws)} of the draws" if draws != [0] else ""
    several = len(run.seeds) > 1
    tests = (
        "Over seeds: mean and one standard deviation; the difference to the dense network, on the same images and with "
        "the same seed, has a 95 % interval by Student's t over seeds, and its p-value is that of the paired t-test."
        if several
        else "Accuracies have 95 % Wilson intervals; the difference to the dense network, on the same images, has the "
        "95 % interval of Bonett and Price, and its p-value is McNemar's exact one. Both tell the chance of images, "
        "not that of another training."
    )
    tests += " p-values are not corrected for multiple comparisons." if len(run.levels) * len(run.curves) > 1 else ""
    return f"**Measured.** {'; '.join(said_of)}. Seeds: {seeds}{drawn}. {tests if run.accuracies else ''}".strip()


def _machines(runs: Sequence[Evidence]) -> str:
    """Where the numbers were computed, and how many came with the program."""
    machines = sorted({machine for run in runs for machine in run.machines})
    bundled, rows = sum(run.bundled for run in runs), sum(len(run.rows) for run in runs)
    devices = listed(sorted({cell.base.device for run in runs for cell in run.cells}))
    where = f"Computed on {listed(machines)}" if machines else "Computed where this program's own results were made"
    came = f"; {bundled:,} of {rows:,} results come with the program" if bundled else ""
    return f"**Machine.** {literal(where)} (device: {devices}){came}."


def listed(words: Sequence[str]) -> str:
    """Prose in a row: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def numbers(word: str, found: Sequence[int]) -> str:
    """ "seed 0", "seeds 0, 1 and 2"."""
    return f"{word}{'s' if len(found) > 1 else ''} {listed([str(one) for one in found])}"
