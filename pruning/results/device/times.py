"""Times that a device kit brought back, read and checked; beside this machine's, never mixed with them."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.device.time_networks import COLUMNS
from pruning.results.speed import speed_up

TIMES = ("median_ms", "low_ms", "high_ms")
COUNTS = ("batch_images", "rounds", "threads")
MOST_ROWS, MOST_LETTERS = 1000, 200
BASE = "dense"
"""The network with which the others of a device are compared."""


def read_times(content: bytes, name: str = "times.csv") -> pd.DataFrame:
    """The rows of a times.csv as ``time_networks.py`` writes it, with the columns that it has.

    Args:
        content: from whomever: nothing in it is trusted.
        name: of the file, for the sentences.

    Raises:
        BadValue: it is no such file; the sentence says what is wrong.
    """
    right = "It should be the times.csv that time_networks.py of a device kit writes."
    try:
        found = pd.read_csv(io.BytesIO(content), encoding="utf-8", nrows=MOST_ROWS + 1)
    except (ValueError, pd.errors.ParserError):  # a wrong encoding is a ValueError, too
        raise BadValue(f"'{name}' is no CSV file of times. {right}") from None
    if missing := [column for column in COLUMNS if column not in found.columns]:
        raise BadValue(f"'{name}' lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}. {right}")
    if not 1 <= len(found) <= MOST_ROWS:
        raise BadValue(f"'{name}' has {'no rows' if found.empty else f'more than {MOST_ROWS:,} rows'}. {right}")
    found = found[list(COLUMNS)].copy()
    for column in (*TIMES, *COUNTS):
        numbers = pd.to_numeric(found[column], errors="coerce")
        if not (np.isfinite(numbers) & (numbers > 0)).all():
            raise BadValue(f"'{name}' has a {column} that is no number above 0. {right}")
        found[column] = numbers.astype("int64" if column in COUNTS else "float64")
    if not ((found["low_ms"] <= found["median_ms"]) & (found["median_ms"] <= found["high_ms"])).all():
        raise BadValue(f"'{name}' has a median outside its quartiles. {right}")
    for column in set(COLUMNS) - {*TIMES, *COUNTS}:
        found[column] = found[column].astype(str).str.slice(0, MOST_LETTERS)
    if found.duplicated(["kit", "network", "batch_images", "threads", "device", "date"]).any():
        raise BadValue(f"'{name}' has two times of one network. {right}")
    return found


def beside(times: pd.DataFrame, key: str, here: Mapping[tuple[str, int], float]) -> pd.DataFrame:
    """Times of devices as people read them, a row for each network, batch and device, beside those of this machine.

    A ratio is of times of one device and one run alone: to the dense network there. Nothing is averaged over machines.

    Args:
        times: as ``read_times`` gives them, of one or several files.
        key: of the kit whose networks are on the page; of others nothing was timed here.
        here: milliseconds on this machine, by network and batch size.
    """
    rows = []
    for _, run in times.groupby(["device", "date", "threads", "batch_images"], sort=False):
        device, threads, batch = run["device"].iloc[0], int(run["threads"].iloc[0]), int(run["batch_images"].iloc[0])
        found = [row | {"variant": row["network"], "batch": row["batch_images"]} for row in run.to_dict("records")]
        has_dense = any(row["network"] == BASE for row in found)
        for row in found:
            faster = (
                speed_up(found, batch, row["network"], BASE).words() if has_dense else "no dense network in the run"
            )
            own = here.get((row["network"], batch)) if row["kit"] == key else None
            rows.append(
                {
                    "network": row["label"],
                    "images a pass": batch,
                    "device": f"{device}, {threads} thread{'s' if threads > 1 else ''}",
                    "there (ms)": f"{row['median_ms']:.3g} ({row['low_ms']:.3g} to {row['high_ms']:.3g})",
                    "there, against dense": "" if row["network"] == BASE else faster,
                    "this machine (ms)": "" if own is None or own != own else f"{own:.3g}",
                    "measured": row["date"][:10],
                }
            )
    return pd.DataFrame(rows)
