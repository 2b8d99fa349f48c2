"""Lab report: what a student hands in."""

from __future__ import annotations

from pruning.results.report.kinds import Template, templates


@templates.register
class LabReport(Template):
    name = "lab"
    label = "Lab report"
    summary = "What a student hands in: question, results, method, what it does not show, and how to repeat it."
    rank = 20
    parts = (
        ("Question and answer", "text"),
        ("Findings", "summary"),
        ("Method", "methods"),
        ("Results", "results"),
        ("What these results do not show", "limitations"),
        ("Checklist", "checklist"),
        ("To repeat it", "commands"),
        ("References", "references"),
    )
