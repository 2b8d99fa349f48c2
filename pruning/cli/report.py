"""``report``: studies that were computed, as a document."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pruning.cli import output
from pruning.cli.arguments import read_study
from pruning.common.environment import Settings
from pruning.common.errors import BadValue, StoreError, reason

if TYPE_CHECKING:
    from pruning.results.report.evidence import Evidence
    from pruning.study.study import Study

MOST_BYTES = 1_000_000


def report(given: Any) -> str:
    """Compute what the store lacks, write the file, and say where it lies.

    Raises:
        BadValue: a template, format, study or text that cannot be.
        Missing: what draws or writes it is not on this machine.
        StoreError: the file cannot be written.
    """
    from pruning.cli.compute import compute
    from pruning.results.report.items import Item
    from pruning.results.report.kinds import format_of, templates
    from pruning.results.report.report import Report

    templates[given.template]
    format_of(given.output)
    text = _text(given.text)
    studies = [read_study(path) for path in given.studies]
    names = [Path(path).stem for path in given.studies]
    runs = [_stored(study, name) for study, name in zip(studies, names, strict=True)]
    if any(run.lacking for run in runs):
        for study in studies:
            compute(study)
        runs = [_stored(study, name) for study, name in zip(studies, names, strict=True)]
    items = tuple(Item("run", name, run) for name, run in zip(names, runs, strict=True))
    made = Report(items, given.title, text, given.template).write(given.output)
    try:
        Path(given.output).write_bytes(made)
    except OSError as error:
        raise StoreError(f"{given.output} cannot be written: {reason(error)}.") from None
    if given.json:
        return output.as_json({"file": os.path.abspath(given.output), "bytes": len(made), "template": given.template})
    return f"{given.output}: {len(made):,} bytes"


def _stored(study: Study, name: str) -> Evidence:
    """What the store has of a study."""
    from pruning.results.report.evidence import Evidence
    from pruning.store.store import Store

    store = Store(Settings.read())
    try:
        known = store.get(cell.measure_key(spec) for cell in study.cells() for spec in study.measures)
    finally:
        store.close()
    return Evidence.stored(study, known, name)


def _text(path: str) -> str:
    """The author's own words, from a file."""
    if not path:
        return ""
    try:
        if (size := Path(path).stat().st_size) > MOST_BYTES:
            raise BadValue(f"{path} has {size:,} bytes; a report's text has at most {MOST_BYTES:,}.")
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"{path} cannot be read as text: {reason(error)}.") from None
