"""Everything behind a finding in one archive: figures, numbers, the study, versions and the commands that repeat it."""

from __future__ import annotations

import importlib.metadata
import io
import json
import platform
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pruning.results.charts.base import Chart
from pruning.results.csv_files import csv_bytes
from pruning.results.report.paper import WIDTHS
from pruning.results.report.pictures import FORMATS, render

PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "pandas",
    "scipy",
    "safetensors",
    "pydantic",
    "zstandard",
    "plotly",
    "kaleido",
    "streamlit",
    "sqlalchemy",
    "dask",
)
"""Whose versions may change a number or a picture."""

_WHEN = (1980, 1, 1, 0, 0, 0)  # a fixed time stamp: the same findings give the same archive entries

README = """Results of a pruning study
==========================

{notes}

figures/       each chart for one column (85 mm) and two columns (170 mm) of a paper: SVG, PDF, and PNG at 300 dpi
data/          the numbers behind each chart, and further tables, as CSV (UTF-8); units are in the column names
study.json     the settings, complete: the same study gives the same numbers
versions.json  the software and the machine
commands.txt   commands that repeat the study
{figures}
Sparsity levels are in per mille: 975 is 97.5 % of the prunable weights removed.
"""


def bundle(
    charts: Sequence[Chart],
    study: Mapping[str, Any],
    commands: Mapping[str, str],
    tables: Mapping[str, pd.DataFrame],
    notes: str,
    why_no_pictures: str = "",
) -> bytes:
    """The archive as a zip file's bytes. Six pictures a chart, about a quarter of a second each.

    Args:
        charts: what was on the page.
        study: the settings, as plain data.
        commands: title -> command line or script.
        tables: name -> further numbers.
        notes: free words for the README.
        why_no_pictures: a sentence that leaves the figures out, for a machine without a browser.

    Raises:
        Missing: when pictures are asked for and there is no Chrome or Chromium.
    """
    files: dict[str, bytes] = {}
    names = unique([chart.name for chart in charts] + list(tables))
    for name, chart in zip(names, charts, strict=False):
        files[f"data/{name}.csv"] = chart.csv()
        for width in WIDTHS if not why_no_pictures else ():
            for fmt in FORMATS:
                files[f"figures/{name}-{width}mm.{fmt}"] = render(chart, fmt, width)
    for name, table in zip(names[len(charts) :], tables.values(), strict=True):
        files[f"data/{name}.csv"] = csv_bytes(table)
    files["study.json"] = _json(study)
    files["versions.json"] = _json(versions())
    files["commands.txt"] = "\n".join(f"# {title}\n{line.strip()}\n" for title, line in commands.items()).encode()
    list_of = "\n".join(f"{name}: {chart.title}" for name, chart in zip(names, charts, strict=False))
    said = f"\nThe charts say:\n{list_of}\n" if charts else ""
    if why_no_pictures:
        said += f"\nThe figures were left out. {why_no_pictures}\n"
    files["README.txt"] = README.format(notes=notes.strip(), figures=said).encode()
    return zipped(files)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files by path; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(path, _WHEN), files[path], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def versions() -> dict[str, Any]:
    """Python, platform, and the version of each package in :data:`PACKAGES` that is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": found,
    }


def safe(name: str) -> str:
    """A file name from any words: letters, digits, dot, dash and underscore; never empty, hidden or a path."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80] or "unnamed"


def unique(names: Sequence[str]) -> list[str]:
    """Safe names in the same order, the second of a kind numbered. Upper and lower case count as the same."""
    taken: set[str] = set()
    result = []
    for name in map(safe, names):
        number, candidate = 1, name
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{name}-{number}"
        taken.add(candidate.casefold())
        result.append(candidate)
    return result


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n").encode()
