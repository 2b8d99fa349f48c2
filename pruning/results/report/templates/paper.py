"""Section of a paper: setup, results, limitations, references; checklist and commands as its appendix."""

from __future__ import annotations

from pruning.results.report.kinds import Template, templates


@templates.register
class PaperSection(Template):
    name = "paper"
    label = "Section of a paper"
    summary = "Setup, results and limitations, with references; checklist and commands as an appendix."
    rank = 10
    parts = (
        ("", "text"),
        ("Experimental setup", "methods"),
        ("Results", "results"),
        ("Limitations", "limitations"),
        ("Appendix: checklist", "checklist"),
        ("Appendix: commands", "commands"),
        ("References", "references"),
    )
