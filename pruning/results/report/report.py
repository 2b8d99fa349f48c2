"""A report: what a person put together, and the document that the program makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pruning.common.errors import BadValue
from pruning.results.report.blocks import Block, Document, Heading, Prose
from pruning.results.report.citations import Cited, bibtex
from pruning.results.report.evidence import Evidence, need_results
from pruning.results.report.items import Item
from pruning.results.report.kinds import format_of, templates
from pruning.results.report.parts import PARTS, Material
from pruning.results.report.provenance import commit, study_file

MOST_TITLE, MOST_TEXT, MOST_ITEMS = 300, 100_000, 100


@dataclass(frozen=True)
class Report:
    """Items in their order, with a title, and text in Markdown.

    Raises:
        BadValue: too long, too many, an unknown template, or a run of which nothing is stored.
    """

    items: tuple[Item, ...]
    title: str = ""
    text: str = ""
    template: str = "paper"

    def __post_init__(self) -> None:
        templates[self.template]
        if len(self.title) > MOST_TITLE or len(self.text) > MOST_TEXT:
            raise BadValue(f"A title has at most {MOST_TITLE} letters, and a text {MOST_TEXT:,}.")
        if not 0 < len(self.items) <= MOST_ITEMS:
            raise BadValue(f"A report has 1 to {MOST_ITEMS} items; this one has {len(self.items)}.")
        need_results(self.runs)

    @property
    def runs(self) -> list[Evidence]:
        return [item.content for item in self.items if isinstance(item.content, Evidence)]

    def document(self) -> Document:
        """The document, in its template's order."""
        template, cite = templates[self.template], Cited()
        summarised = any(part == "summary" for _, part in template.parts)
        material = Material(tuple(self.items), self.text, self.template, cite, summarised)
        blocks: list[Block] = []
        for heading, part in template.parts:
            made = PARTS[part](material)
            if made:
                blocks += [*([Heading(heading)] if heading else []), *made]
            if part == "text":
                blocks += [block for head, prompt in template.prompts for block in (Heading(head), Prose(prompt))]
        runs = self.runs
        files = {
            study_file(place, len(runs)): run.study.model_dump_json(indent=1) + "\n" for place, run in enumerate(runs)
        }
        if cite.works:
            files["references.bib"] = bibtex(cite.works)
        made_by = f"Made from stored results{f' at commit {commit()}' if commit() else ''}"
        return Document(self.title.strip() or _title(runs), made_by, tuple(blocks), cite.works, files)

    def write(self, file: str) -> bytes:
        """The report as a file of the format that its name's end says.

        Raises:
            BadValue: no format has that end.
            Missing: what draws or writes it is not on this machine.
        """
        return format_of(file)().write(self.document(), templates[self.template].columns)


def _title(runs: Sequence[Evidence]) -> str:
    """What a report is called when nobody named it."""
    from pruning.zoo.kinds import models

    labels = list(dict.fromkeys(models[cell.base.model].label for run in runs for cell in run.cells))
    return f"Pruning {' and '.join(labels[:3])}" if labels else "Report"
