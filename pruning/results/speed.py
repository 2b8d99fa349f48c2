"""What measured times say about sparsity: how speed follows the share removed, as tables and as words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pruning.common.levels import in_percent

MARGIN = 1.05
"""Ratios nearer to one are none: the order of turns and the state of the caches make as much."""
CURVE = ["level", "batch", "faster", "faster_low", "faster_high", "median_ms", "samples", "promised"]
ROUNDS = 10
"""Rounds with which a time is estimated: three calls to warm up, and the seven that are made at least."""


def curve_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """A ``speed_curve`` value: level (per mille), batch, faster (than dense: a ratio) with its quartiles faster_low and
    faster_high, median_ms, samples, and promised, the ratio of the dense network's MACs to the small one's."""
    macs = value["macs"]
    rows = [{**row, "promised": macs["0"] / max(macs[str(row["level"])], 1)} for row in value["rows"]]
    return pd.DataFrame(rows, columns=CURVE)


def clearly(rows: pd.DataFrame, name: str = "faster") -> pd.Series:
    """Which ratios are above one and no accident: at least 5 %, and both quartiles above one. Columns as
    ``pruning.measures.tools.stopwatch.ratios`` names them."""
    return (rows[f"{name}_low"] > 1) & (rows[name] >= MARGIN)


def since(rows: pd.DataFrame, place: str) -> int | None:
    """The first place from which on everything measured is clearly faster; None: not even the last is."""
    rows = rows.sort_values(place)
    lost = rows[~clearly(rows)][place]
    won = rows[rows[place] > lost.max()] if len(lost) else rows
    return None if won.empty else int(won[place].iloc[0])


def curve_sentences(curve: pd.DataFrame) -> list[str]:
    """One sentence a batch size: from which share on the small network is really faster, and where it is slower."""
    said = []
    for batch, rows in curve[curve["level"] > 0].groupby("batch", sort=False):
        rows = rows.sort_values("level")
        slower = rows[(rows["faster_high"] < 1) & (rows["faster"] <= 1 / MARGIN)]["level"]
        first, last, where = since(rows, "level"), rows.iloc[-1], f"**{images(int(str(batch)))} a pass.**"
        most = in_percent(last["level"])
        if first is None:
            text = f"{where} Even without {most} not clearly faster than dense"
        else:
            text = (
                f"{where} Clearly faster from {in_percent(first)} removed on; at {most} {factor(last['faster'])} times"
            )
            text += f", in theory {factor(last['promised'])} times"
        if len(slower):
            text += f"; slower than dense at {', '.join(in_percent(level) for level in slower)}"
        said.append(f"{text}.")
    return said


def curve_seconds(
    removal: float | None, latency: Mapping[str, Any] | None, levels: int, batches: tuple[int, ...], budget: float
) -> float | None:
    """About how long a speed curve takes, in seconds; None where nothing was timed yet.

    Args:
        removal: seconds of one removal, as the measure ``structure`` took; None: unknown.
        latency: a ``latency`` value of the same network, whose dense times bound those of the smaller ones.
        budget: seconds at each batch size.
    """
    if removal is None or latency is None or not latency["rows"]:
        return None
    dense = {row["batch"]: row["median_ms"] / 1000 for row in latency["rows"] if row["variant"] == "dense"}
    most = max(dense)
    passes = [dense.get(batch, dense[most] * batch / most) for batch in batches]
    return removal * levels + sum(max(budget, ROUNDS * (levels + 1) * each) for each in passes)


def images(count: int) -> str:
    """1 -> "1 image", 64 -> "64 images"."""
    return f"{count:,} image{'s' if count != 1 else ''}"


def factor(ratio: float) -> str:
    """A ratio with about two digits: 3.58 -> "3.6", 41.2 -> "41"."""
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


COUNTS = ["runtime", "channels", "time", "time_low", "time_high", "median_ms", "samples", "macs"]
RUNTIMES = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime"}
CLASSES = (16, 8, 4)
"""Channel counts are grouped by the largest of these that divides them."""


def counts_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """A ``channel_times`` value: runtime, channels, time (over that of all channels) with its quartiles time_low and
    time_high, median_ms, samples, and macs, the share of operations that is left. Ordered by runtime and count."""
    rows = [{**row, "macs": row["channels"] / value["full"]} for row in value["rows"]]
    return pd.DataFrame(rows, columns=COUNTS).sort_values(["runtime", "channels"], ignore_index=True)


def counts_sentences(counts: pd.DataFrame) -> list[str]:
    """One sentence a runtime: by how much the time of multiples of 16, of 8, of 4 and of other counts lies above the
    share of MACs that is left, on average, and which counts are slower than all channels."""
    said = []
    for runtime, rows in counts[counts["macs"] < 1].groupby("runtime", sort=False):
        extra = 100 * (rows["time"] - rows["macs"])
        kinds = [next((c for c in CLASSES if count % c == 0), 1) for count in rows["channels"]]
        mean = extra.groupby(kinds).mean()
        names = {16: "multiples of 16", 8: "other multiples of 8", 4: "other multiples of 4", 1: "all others"}
        parts = [f"{names[kind]} {mean[kind]:+.0f}" for kind in names if kind in mean.index]
        text = f"**{RUNTIMES[str(runtime)]}.** Time above the share of MACs, in points: {', '.join(parts)}"
        slower = rows[clearly(rows, "time")].sort_values("channels", ascending=False)["channels"]
        said.append(text + (f". Slower than all channels: {', '.join(map(str, slower))}." if len(slower) else "."))
    return said


SPARSE = ["batch", "form", "level", "faster", "faster_low", "faster_high", "median_ms", "samples"]
FORMS = {
    "masked": "the dense kernel with zeros",
    "csr": "CSR",
    "block": "blocks of 16x16",
    "n_m": "2:4 with float16",
}
"""Forms of sparse execution, in the order in which they are shown."""


def sparse_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """A ``sparse_linear`` value: batch, form, level (per mille of zeros), faster (than dense: a ratio) with its
    quartiles faster_low and faster_high, median_ms, samples."""
    return pd.DataFrame(value["rows"]).rename(columns={"sparsity": "level"}).reindex(columns=SPARSE)


def crossover(sparse: pd.DataFrame, batch: int, form: str) -> int | None:
    """The sparsity (per mille) from which on a form is clearly faster than dense wherever it was measured, or None."""
    return since(sparse[(sparse["batch"] == batch) & (sparse["form"] == form)], "level")


def sparse_sentences(sparse: pd.DataFrame, left: Mapping[str, str]) -> list[str]:
    """One sentence a batch size: from which sparsity on each form pays, and then why forms are not there."""
    most = in_percent(sparse["level"].max())
    said = []
    for batch in dict.fromkeys(sparse["batch"]):
        found = {form: crossover(sparse, int(batch), form) for form in FORMS if form in set(sparse["form"])}
        won = [f"from {in_percent(at)} zeros on in {FORMS[form]}" for form, at in found.items() if at is not None]
        lost = [f"in {FORMS[form]}" for form, at in found.items() if at is None]
        text = f"**{int(batch)} input{'s' if batch > 1 else ''} a pass.** "
        text += f"Faster than dense {', '.join(won)}" if won else f"Never faster than dense {' or '.join(lost)}"
        text += f"; never {' or '.join(lost)}" if won and lost else ""
        said.append(f"{text} (measured up to {most}).")
    return said + [f"**{FORMS[form]}.** Not here: {why}." for form, why in left.items()]


def clock_words(value: Mapping[str, Any]) -> str:
    """How a value's times were taken: "1 thread of the CPU, warm, in processor time; measured on …"."""
    threads = f"{value['threads']} thread{'s' if value['threads'] > 1 else ''}"
    where = f"on {str(value['device']).upper()} with {threads}, warm"
    own = value.get("clock") == "thread"
    clock = "in processor time, which other programs do not lengthen" if own else "by the wall's clock"
    return f"{where}, {clock}; measured on {value['machine']}"


@dataclass(frozen=True)
class SpeedUp:
    """Two variants of a network at one batch size.

    Attributes:
        ratio: median time of the one over the other's: above 1 where the other is faster.
        real: whether the times are apart: the middle half of the one (between its quartiles) does not meet that of the
            other, and the medians differ by 5 % at least.
    """

    ratio: float
    real: bool

    def words(self) -> str:
        """2.1 times faster, 1.3 times slower, or that there is no difference to speak of."""
        if not self.real:
            return "no measurable speed-up"
        return f"{self.ratio:.2g} times faster" if self.ratio > 1 else f"{1 / self.ratio:.2g} times slower"


def speed_up(rows: Sequence[Mapping[str, Any]], batch: int, variant: str = "small", than: str = "dense") -> SpeedUp:
    """How much faster one variant is than another, from the ``rows`` of the measure ``latency``."""
    found = {row["variant"]: row for row in rows if row["batch"] == batch}
    one, other = found[than], found[variant]
    ratio = one["median_ms"] / other["median_ms"]
    apart = one["high_ms"] < other["low_ms"] or other["high_ms"] < one["low_ms"]
    return SpeedUp(ratio, apart and max(ratio, 1 / ratio) >= MARGIN)
