"""Workshop handout: what was seen, room for one's own answers, and how to do it at home."""

from __future__ import annotations

from pruning.results.report.kinds import Template, templates


@templates.register
class Handout(Template):
    name = "handout"
    label = "Workshop handout"
    summary = "What was seen, questions with room for answers, and how to do it at home."
    rank = 30
    parts = (
        ("", "text"),
        ("What we saw", "results"),
        ("What this does not show", "limitations"),
        ("Try it at home", "commands"),
        ("How it was measured", "methods"),
        ("References", "references"),
    )
    prompts = (
        (
            "Before you read on",
            "1. At which sparsity does the network give way? Mark your guess: ______ %\n"
            "2. What would a control that knows nothing (random) keep? ______ %\n"
            "3. Which layer could lose most without harm? ______________",
        ),
    )
