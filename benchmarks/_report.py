"""Results as files: one JSON a day and machine, a report that is made from it, and the short table in the README."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._script import ROOT, part, write
from benchmarks._table import HEAD, Figure, table

RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
BEGIN, END = "<!-- measured: written by make bench -->", "<!-- end of what was measured -->"
SEPARATE = ("load", "faults", "faults_postgresql")
"""Scripts with a command of their own: their latest result on the same machine joins the report."""


def keep(script: str, figures: list[Figure], **more: Any) -> Path:
    """Write the result of a script with a command of its own; returns the file."""
    RESULTS.mkdir(exist_ok=True)
    write(path := RESULTS / f"{script}.json", json.dumps(part(script, figures, **more), indent=1) + "\n")
    return path


def separate(machine: str) -> list[dict[str, Any]]:
    """The kept results of those scripts, as far as they are of this machine."""
    found = [json.loads(path.read_text()) for name in SEPARATE if (path := RESULTS / f"{name}.json").exists()]
    return [one for one in found if one["machine"] == machine]


def latest() -> Path | None:
    """The JSON of the last ``make bench``, on whatever machine."""
    files = [path for path in RESULTS.glob("20*.json")]
    return max(files, key=lambda path: json.loads(path.read_text())["at"], default=None)


def figures(content: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Figure]]:
    """Every figure with the part that it belongs to, in order."""
    for one in content["parts"]:
        yield from ((one, Figure.of_json(given)) for given in one["figures"])


def failed(content: dict[str, Any]) -> list[str]:
    """Scripts that did not come to their end, with the reason."""
    return [f"{one['script']} ({one['error']})" for one in content["parts"] if one.get("error")]


def heading(content: dict[str, Any]) -> str:
    """Where and when, in a sentence."""
    return (
        f"{content['at'][:10]}, {content['machine']}, {content['versions']}, commit {content['commit']}, "
        f"load {content['load']:.1f} at the start."
    )


def report(content: dict[str, Any]) -> str:
    """All figures as Markdown, item by item, with how each was measured."""
    lines = ["# Measured", "", heading(content), ""]
    lines += [f"Not measured: {reason}." for reason in failed(content)]
    named = list(figures(content))
    wanted = [figure.met for _, figure in named if figure.met is not None]
    lines += [
        f"{sum(wanted)} of {len(wanted)} figures that were promised are as wanted. What a ratio compares was "
        "measured in the same run.",
        "",
    ]
    for item in dict.fromkeys(figure.item for _, figure in named):
        rows = [(one, figure) for one, figure in named if figure.item == item]
        sources = dict.fromkeys(
            f"`benchmarks/{one['script']}.py`, {one['at'][:16].replace('T', ' ')}"
            + (f", commit {one['commit']}" if one["commit"] != content["commit"] else "")
            for one, _ in rows
        )
        lines += [f"## {item}", "", "; ".join(sources), ""]
        lines += [*table([*HEAD, "how"], [[*figure.cells(), figure.how] for _, figure in rows]), ""]
    return "\n".join(lines)


def short(content: dict[str, Any] | None, name: str = "") -> str:
    """The README's table: what was promised, and what a person would ask for first."""
    if content is None:
        return "Nothing is measured yet: `make bench` does it."
    rows = [figure.cells() for _, figure in figures(content) if figure.short]
    lines = [f"{heading(content)} All figures, and how they were measured: [report](benchmarks/results/{name}.md).", ""]
    lines += [*(f"Not measured: {reason}." for reason in failed(content)), *table(HEAD, rows)]
    return "\n".join(lines)


def placed(text: str, table: str) -> str:
    """A README with the table between its marks.

    Raises:
        ValueError: a mark is missing.
    """
    before, rest = text[: text.index(BEGIN)], text[text.index(END) :]
    return f"{before}{BEGIN}\n\n{table}\n\n{rest}"


def publish() -> None:
    """Write the report beside the latest JSON, and the README's table."""
    path = latest()
    content = json.loads(path.read_text()) if path else None
    if path and content:
        write(path.with_suffix(".md"), report(content))
    write(README, placed(README.read_text(), short(content, path.stem if path else "")))
