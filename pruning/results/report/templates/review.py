"""Design review: the findings and what is not known first, then the numbers."""

from __future__ import annotations

from pruning.results.report.kinds import Template, templates


@templates.register
class DesignReview(Template):
    name = "review"
    label = "Design review"
    summary = "For a decision: findings and open risks first, then the numbers and how they were measured."
    rank = 40
    parts = (
        ("Context", "text"),
        ("Findings", "summary"),
        ("Risks: what was not measured", "limitations"),
        ("Numbers", "results"),
        ("How it was measured", "methods"),
        ("Checklist", "checklist"),
        ("To repeat it", "commands"),
        ("References", "references"),
    )
