"""The parts of a document, each made of the report's material."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from pruning.results.charts.base import Chart
from pruning.results.report.blocks import Block, Code, Figure, PrintedTable, Prose, Works, literal
from pruning.results.report.citations import Cited
from pruning.results.report.evidence import Evidence
from pruning.results.report.figures import figures
from pruning.results.report.items import Item
from pruning.results.report.limits import checklist, limitations
from pruning.results.report.methods import methods
from pruning.results.report.numbers import findings, lines, table
from pruning.results.report.provenance import commands, study_file
from pruning.study.study import Study

BLALOCK = "Blalock et al. 2020, What is the State of Neural Network Pruning?"
MOST_LINES = 200
"""Of a table in a document; its CSV has all."""


@dataclass(frozen=True)
class Material:
    """What parts are made of. ``cite`` numbers works as they are first cited; ``summarised``: the findings of runs have
    a part of their own."""

    items: tuple[Item, ...]
    text: str
    template: str
    cite: Cited
    summarised: bool = False

    @property
    def runs(self) -> list[Evidence]:
        return [item.content for item in self.items if isinstance(item.content, Evidence)]

    @property
    def charts(self) -> list[Chart]:
        """All charts, in the order in which the results show them."""
        return [block.chart for block in results(self) if isinstance(block, Figure)]


def results(material: Material) -> list[Block]:
    """The items in their order; a run as its findings, its table and its figures."""
    blocks: list[Block] = []
    for item in material.items:
        source = f"[Where it is from](<{item.source}>)" if item.source else ""
        if isinstance(item.content, Evidence):
            said = [] if material.summarised else findings(lines(item.content))
            blocks += [Prose(sentence) for sentence in said]
            blocks += _run(item.content, item.title if len(material.runs) > 1 else "")
        elif isinstance(item.content, Chart):
            blocks.append(Figure(item.content, source))
        elif isinstance(item.content, pd.DataFrame):
            blocks.append(frame_table(item.content, f"{literal(item.title)}. {source}".strip()))
        else:
            blocks.append(Prose(f"{item.content} {source}".strip()))
    return blocks


def _run(run: Evidence, name: str) -> list[Block]:
    found = lines(run)
    tables = [table(found, split, name) for split in dict.fromkeys(one.split for one in found)]
    return [*tables, *(Figure(chart) for chart in figures(run))]


def frame_table(frame: pd.DataFrame, caption: str) -> PrintedTable:
    """A table of numbers as it is, with as many digits as tell them apart on paper: four."""
    shown = frame.head(MOST_LINES)
    more = f" ({len(frame) - MOST_LINES:,} more lines are left out)" if len(frame) > MOST_LINES else ""
    cells = tuple(tuple(_cell(value) for value in row) for row in shown.itertuples(index=False))
    return PrintedTable(tuple(str(name).replace("_", " ") for name in shown.columns), cells, caption + more)


def _cell(value: object) -> str:
    if value is None or value != value:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) and value != int(value) else f"{value}"


def summary(material: Material) -> list[Block]:
    """The findings of all runs alone."""
    said = [sentence for run in material.runs for sentence in findings(lines(run))]
    return [Prose("\n".join(f"- {sentence}" for sentence in said))] if said else []


def _limitations(material: Material) -> list[Block]:
    unsourced = sum(item.kind != "run" for item in material.items)
    said = limitations(material.runs, material.charts, unsourced)
    return [Prose("\n".join(f"- {sentence}" for sentence in said))] if said else []


def _checklist(material: Material) -> list[Block]:
    if not material.runs:
        return []
    return [Prose(f"After {material.cite(BLALOCK)}."), checklist(material.runs)]


def _commands(material: Material) -> list[Block]:
    runs = material.runs
    if not runs:
        return []
    blocks: list[Block] = [Code(commands(len(runs), material.template), "bash")]
    for place, run in enumerate(runs):
        blocks += [Prose(f"`{study_file(place, len(runs))}`:"), Code(study_text(run.study), "json")]
    return blocks


def study_text(study: Study) -> str:
    """A study as JSON, a line for each of its parts; what stands at its default is left out."""
    content = study.model_dump(mode="json", exclude_defaults=True)
    fewer = [step.model_dump(mode="json", exclude_defaults=True) for step in study.recipe]
    content["recipe"] = [{"kind": step.kind} | few for step, few in zip(study.recipe, fewer, strict=True)]
    return "{\n" + ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in content.items()) + "\n}"


def _references(material: Material) -> list[Block]:
    """Every work that the parts before this one cited."""
    return [Works()] if material.cite.works else []


PARTS: dict[str, Callable[[Material], list[Block]]] = {
    "text": lambda material: [Prose(material.text)] if material.text.strip() else [],
    "summary": summary,
    "results": results,
    "methods": lambda material: methods(material.runs, material.cite),
    "limitations": _limitations,
    "checklist": _checklist,
    "references": _references,
    "commands": _commands,
}
"""By the name that templates use."""
