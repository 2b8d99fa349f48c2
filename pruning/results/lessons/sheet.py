"""A lesson as a sheet to print: what learners read and fill in, and, for teachers, a solution of the task."""

from __future__ import annotations

import html

from pruning.results.lessons.lesson import Lesson
from pruning.results.lessons.quantities import QUANTITIES

STYLE = """
body { font: 11pt/1.45 serif; max-width: 170mm; margin: 12mm auto; color: #111; }
h1 { font-size: 17pt; } h2 { font-size: 12pt; margin-top: 7mm; } .line { border-bottom: 1px solid #888; height: 8mm; }
table { border-collapse: collapse; } td, th { border: 1px solid #888; padding: 1mm 3mm; text-align: left; }
.box { border: 1px solid #111; width: 3.5mm; height: 3.5mm; display: inline-block; margin-right: 2mm; }
@page { size: A4; margin: 12mm; } @media print { body { margin: 0 auto; } }
"""


def sheet(lesson: Lesson, solution: bool = False) -> str:
    """A page of HTML that needs nothing else.

    Args:
        solution: name values that pass the task, for a teacher.
    """
    guess, task = lesson.guess, lesson.task
    names = guess.choices or tuple(one.name for one in lesson.experiment.variants)
    unit = QUANTITIES[guess.quantity].unit
    if guess.number:
        asked = f"<p>My guess ({guess.low:g} to {guess.high:g} {html.escape(unit)}): ____________</p>"
    else:
        asked = "".join(f'<p><span class="box"></span>{html.escape(name)}</p>' for name in names)
    rows = "".join(f"<tr><td>{html.escape(one.name)}</td><td></td></tr>" for one in lesson.experiment.variants)
    about = QUANTITIES[guess.quantity]
    head = f"<tr><th>network</th><th>{html.escape(about.label)} ({html.escape(unit)})</th></tr>"
    goals = "".join(f"<li>{html.escape(goal.words())}</li>" for goal in task.goals)
    controls = "".join(f"<p>{html.escape(one.label)}: ____________</p>" for one in task.controls)
    if solution:
        values = zip(task.controls, task.solution, strict=True)
        said = ", ".join(f"{one.label} {one.said(value)}" for one, value in values)
        controls += f"<p><b>One solution:</b> {html.escape(said)}.</p>"
    extra = {
        "predict": f"<p><b>{html.escape(guess.question)}</b></p>{asked}",
        "reveal": f"<p>What was measured:</p><table>{head}{rows}</table>",
        "explain": "<p>In my words:</p>" + '<div class="line"></div>' * 3,
        "do": f"<ul>{goals}</ul>{controls}",
    }
    body = "".join(
        f"<h2>{part.capitalize()}</h2>{_paragraphs(lesson.texts[part])}{extra.get(part, '')}" for part in lesson.texts
    )
    title = html.escape(f"{lesson.number}. {lesson.title}: {lesson.question}")
    top = f'<meta charset="utf-8"/><title>{title}</title><style>{STYLE}</style>'
    body = f"<h1>{title}</h1><p>Name: ______________________ ({lesson.minutes} minutes)</p>{body}"
    return f'<!doctype html><html lang="en"><head>{top}</head><body>{body}</body></html>\n'


def _paragraphs(text: str) -> str:
    """Paragraphs with words set apart by ``*``, which is all the Markdown that lessons use."""
    found = []
    for one in filter(None, text.split("\n\n")):
        parts = html.escape(" ".join(one.split())).split("*")
        if len(parts) % 2 == 0:  # a star that stands alone is a star
            parts = ["*".join(parts)]
        found.append("".join(f"<i>{part}</i>" if at % 2 else part for at, part in enumerate(parts)))
    return "".join(f"<p>{one}</p>" for one in found)
