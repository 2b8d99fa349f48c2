"""Which of the measured approaches a person should take: the best that keeps some limits, by validation; how sure that
is on test; and what is often quoted beside what was measured here. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pages.choices.compare import Wish
from pruning.results.sentences import amount
from pruning.results.tradeoffs import gap_words, times_smaller


def chosen(table: pd.DataFrame, wish: Wish) -> str | None:
    """Name of the best measured approach that keeps all limits, by validation; None where none does.

    Points are those of validation accuracy. Of equals the more accurate one is taken.
    """
    fits = table[100 * table["validation_gap"] >= -wish.most_points - 1e-9]
    if wish.most_class:
        fits = fits[100 * fits["worst_validation"] >= -wish.most_class - 1e-9]
    if wish.most_kb:
        fits = fits[fits["bytes"] <= 1000 * wish.most_kb]
    if wish.most_ms:
        fits = fits[fits["ms_1"] <= wish.most_ms]
    if wish.aim == "smallest":
        order = fits.sort_values(["bytes", "validation"], ascending=[True, False], kind="stable")
    elif wish.aim == "fastest":
        order = fits.assign(gain=times_smaller(fits, "ms_1")).dropna(subset=["gain"])
        order = order.sort_values(["gain", "validation"], ascending=[False, False], kind="stable")
    else:
        order = fits.sort_values(["validation", "bytes"], ascending=[False, True], kind="stable")
    return None if order.empty else str(order.iloc[0]["name"])


def answer(table: pd.DataFrame, wish: Wish, model: str) -> str:
    """The choice in a sentence, with what it was chosen on and what it reached on images it was not chosen on: "The
    smallest ResNet-20 within 1 point of dense on validation images: Channels 50 %, int8, 98 kB (11.2 times smaller);
    on test images -1.1 points (-1.6 to -0.6)"."""
    limits = [f"within {wish.most_points:g} point{'s' * (wish.most_points != 1)} of dense on validation images"]
    limits += [f"{wish.most_class:g} for any class"] if wish.most_class else []
    limits += [f"of at most {wish.most_kb:g} kB"] if wish.most_kb else []
    limits += [f"in at most {wish.most_ms:g} ms an image"] if wish.most_ms else []
    kind = {"smallest": "smallest", "fastest": "fastest", "accurate": "most accurate"}[wish.aim]
    asked = f"The {kind} {model} {' and '.join(limits)}".rstrip()
    name = chosen(table, wish)
    if name is None and (wish.most_ms or wish.aim == "fastest") and table["ms_1"].isna().any():
        return f"{asked}: {int(table['ms_1'].isna().sum())} of {len(table)} ways are not timed yet."
    if name is None and wish.most_class and table["worst_validation"].isna().any():
        return f"{asked}: classes are being counted."
    if name is None:
        return f"{asked}: none of {len(table)} measured ways. Loosen a limit."
    row = table[table["name"] == name].iloc[0]
    smaller = row["dense_bytes"] / row["bytes"]
    said = f"{asked}: {row['label']}, {amount(row['bytes'])} ({smaller:.1f} times smaller"
    said += f", {faster(row)})" if row["ms_1"] == row["ms_1"] else ")"
    return said if row["name"] == "dense" else f"{said}; on test images {gap_words(row)}"


def faster(row: Mapping[str, Any]) -> str:
    """How the time of one image compares with the dense network's of the same run, in words."""
    ratio = row["dense_ms_1"] / row["ms_1"]
    if not row["real_1"]:
        return "no measurable speed-up"
    return f"{ratio:.1f} times faster" if ratio > 1 else f"{1 / ratio:.1f} times slower"


def quoted(table: pd.DataFrame, points: float = 1.0) -> pd.DataFrame:
    """Figures that are often quoted, and what was measured here: of the ways within so many points of dense on
    validation the furthest, with its gap on test: ``often said``, ``measured here``, ``approach`` (name, or empty)."""
    near = table[100 * table["validation_gap"] >= -points - 1e-9]
    rows = []
    for said, group, noun in (
        ("80 to 99 % of the weights of a convolutional network can go", "weights", "of the weights"),
        ("50 to 80 % of the channels can go", "channels", "of the channels"),
    ):
        names = r"w\d+$" if group == "weights" else r"c\d+(_t)?$"
        tried, within = (part[part["name"].str.match(names)] for part in (table, near))
        if tried.empty:
            continue
        if within.empty:
            rows.append((said, f"none of the tried shares stays within {points:g} point of dense", ""))
            continue
        best = within.sort_values(["removed", "validation"]).iloc[-1]
        rows.append((said, f"{100 * best['removed']:g} % {noun}, {gap_words(best)}", best["name"]))
    int8 = table[(table["name"] == "int8") & table["dense_onnx"].notna()]
    for row in int8.to_dict("records"):
        words = f"{row['dense_onnx'] / row['bytes']:.1f} times fewer bytes than the float32 ONNX file, {gap_words(row)}"
        rows.append(("8 bits cost nothing, and a quarter of the bytes is left", words, row["name"]))
    together = near[near["family"] == "combined"]
    if len(together):
        best = together.assign(gain=times_smaller(together, "bytes")).sort_values("gain").iloc[-1]
        words = f"{best['gain']:.1f} times smaller ({best['label']}), {gap_words(best)}"
        rows.append(("10 to 100 times smaller, all together", words, best["name"]))
    return pd.DataFrame(rows, columns=["often said", "measured here", "approach"])


def sure(row: Mapping[str, Any], most_points: float | None) -> str:
    """How sure a choice is, in a sentence: whether the interval on test keeps the limit of points."""
    if row["name"] == "dense":
        return "It is the dense network itself."
    said = f"On {row['count']:,} test images, which the choice did not see, it is {gap_words(row)} from dense."
    if most_points is None:
        return said
    if 100 * row["gap_low"] >= -most_points:
        return f"{said} The whole interval keeps your limit of {most_points:g}."
    if 100 * row["gap"] >= -most_points:
        return f"{said} The interval reaches beyond your limit of {most_points:g}: it may lose more."
    return f"{said} That is beyond your limit of {most_points:g}: on validation it seemed better than it is."
