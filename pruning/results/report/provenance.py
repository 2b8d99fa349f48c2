"""With what a report was made: versions, the commit, and the commands that make it again."""

from __future__ import annotations

import subprocess
from functools import cache

from pruning.common.environment import ROOT
from pruning.results.report.bundle import versions

SECONDS = 10


@cache
def commit() -> str:
    """The commit of this program as words, or an empty text where it is not known: an installed package has none."""
    if not (ROOT / ".git").exists():
        return ""
    try:
        head, changed = (
            subprocess.run(
                ["git", "-C", str(ROOT), *words], capture_output=True, timeout=SECONDS, check=True, text=True
            ).stdout.strip()
            for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{head[:12]}, with changes that are not committed" if changed else head[:12]


def software() -> str:
    """Python, the packages that may change a number, and the commit, as a sentence."""
    said = versions()
    named = ", ".join(f"{name} {version}" for name, version in said["packages"].items())
    program = f"this program at commit {commit()}" if commit() else "this program (commit not known: installed package)"
    return f"Software: {program}; Python {said['python']}; {named}; {said['platform']}."


def study_file(place: int, count: int) -> str:
    """Name of the file of a run's study: numbered from 1 where there are several."""
    return "study.json" if count == 1 else f"study-{place + 1}.json"


def commands(count: int, template: str) -> str:
    """The commands that compute so many runs again, and make this report of the first."""
    runs = [f"python -m pruning run {study_file(place, count)}" for place in range(count)]
    files = " ".join(study_file(place, count) for place in range(count))
    return "\n".join([*runs, f"python -m pruning report {files} --template {template} -o report.pdf"])
