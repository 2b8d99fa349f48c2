"""What a person types, made into a study; each mistake is one sentence that says what would be right."""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from pruning.common.errors import BadValue, UnknownName, shortened
from pruning.common.json_text import read_json
from pruning.common.levels import LEVELS, percent_digits
from pruning.common.registry import Entry
from pruning.common.validation import checked
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.measures.kinds import measures
from pruning.steps.prune import Prune
from pruning.study.study import Study, load_study
from pruning.zoo.kinds import models

SPARSITY_RULE = (
    "The share of all prunable weights to remove: a share from 0 to 1 with a decimal point (0.8), a percentage (80%%), "
    "or a whole number from 2 to 100, which is a percentage (80); in steps of 0.1 %%. Several are separated by commas: "
    "0.5,80%%,99.9%%. A bare 1 is refused, since it could be either, and so is 0,8, which could be one level or two."
)


def level(text: str) -> int:
    """A sparsity in per mille: ``0.8``, ``80%`` and ``80`` are all 800.

    With ``%`` it is a percentage. Without it, a number with a decimal point is a share and lies between 0 and 1; a
    whole number is a percentage, but for 0 (nothing either way) and 1, which is refused.

    Raises:
        BadValue: for anything else; the sentence says what would be right.
    """
    text = text.strip()
    match = re.fullmatch(r"([0-9]*\.?[0-9]+|[0-9]+\.)\s*(%?)", text)
    if match is None:
        raise BadValue(f"'{shortened(text)}' is no sparsity: write a share such as 0.8, or a percentage such as 80%.")
    number, percent = Decimal(match[1]), bool(match[2])
    if not percent and "." in match[1] and number > 1:
        near = _near(number * 10)
        right = f"write {percent_digits(near)}% or {near / 1000:g}" if number <= 100 else "write 0 to 1, or 0% to 100%"
        raise BadValue(f"Sparsity {shortened(text)} is more than everything: a share lies between 0 and 1; {right}.")
    if not percent and match[1] == "1":
        raise BadValue("Sparsity 1 could be 1 % or everything: write 1% or 100%.")
    per_mille = number * (10 if percent or "." not in match[1] else LEVELS)
    if per_mille > LEVELS:
        raise BadValue(f"Sparsity {shortened(text)} is more than everything: write 0% to 100%.")
    if per_mille != int(per_mille):
        near = f"{percent_digits(_near(per_mille))}%"
        raise BadValue(f"Sparsity {shortened(text)} is finer than this program's steps of 0.1 %: write {near}, say.")
    return int(per_mille)


def _near(per_mille: Decimal) -> int:
    """The nearest step; never nothing or everything for what is neither."""
    inside = 0 < per_mille < LEVELS
    return min(max(round(per_mille), 1), LEVELS - 1) if inside else min(round(per_mille), LEVELS)


def levels(text: str) -> list[int]:
    """Sparsities separated by commas, in per mille, in the order given; a repeated one counts once.

    Raises:
        BadValue: as ``level``; and for two whole numbers that may be one with a decimal comma (``0,8``, ``97,5%``).
    """
    parts = text.split(",")
    for whole, rest in itertools.pairwise(parts):
        found = re.fullmatch(r"([0-9]+)\s*(%?)\s*", rest)
        if found and re.fullmatch(r"\s*[0-9]+", whole) and (int(whole) == 0 or len(found[1]) == 1):
            whole, sign = whole.strip(), found[2] or ("" if int(whole) == 0 else "%")
            raise BadValue(
                f"Sparsity {whole},{rest.strip()} could be one level or two: write {whole}.{found[1]}{sign} for one, "
                f"or {whole}%,{found[1]}% for two."
            )
    return list(dict.fromkeys(level(part) for part in parts))


def options(kind: str, entry: type[Entry], pairs: list[str]) -> dict[str, Any]:
    """Options given as ``name=value``, as values of the right type; those equal to their default are left out, so
    that the same work has the same name however it was asked for.

    Raises:
        BadValue: not of that form, or a value out of bounds.
        UnknownName: an option that the entry does not have.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadValue(f"An option is written name=value, not '{shortened(pair)}'.")
        if name not in entry.model_fields:
            raise UnknownName(f"option of {kind} '{entry.name}' called", name, entry.model_fields)
        values[name] = _content(pair, value)
    filled = checked(f"the options of {kind} '{entry.name}'", entry, values)
    return filled.model_dump(mode="json", exclude_defaults=True)


def _content(pair: str, value: str) -> Any:
    """The value of an option: JSON where it is an object or a list, else the text, which the option's type reads."""
    if not value.startswith(("{", "[")):
        return value
    try:
        return read_json(value)
    except BadValue as error:
        right = "write name='{\"layer\": 500}', say"
        raise BadValue(f"The option '{shortened(pair)}' cannot be read: {right}. {error}") from None


def study_of(given: argparse.Namespace) -> Study:
    """The study that the arguments of ``prune`` ask for: one cell for each sparsity, measured in accuracy and in
    weights removed.

    Raises:
        PruningError: UnknownName or BadValue, in one sentence.
    """
    sparsities = levels(given.sparsity)
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", given.device):
        raise BadValue(f"'{shortened(given.device)}' is no device: write cpu, cuda, cuda:0 or mps.")
    scorer, seeds = scorers[given.scorer], models[given.model].seeds
    if given.model_seed not in seeds:
        listed = ", ".join(map(str, seeds))
        raise BadValue(f"{given.model} has weights of training seeds {listed}, not {shortened(given.model_seed)}.")
    granularity, allocation = fitting_words(given)
    recipe: list[dict[str, Any]] = [
        {
            "kind": "prune",
            "scorer": given.scorer,
            "options": options("scorer", scorer, given.option),
            "granularity": granularity,
            "granularity_options": options("granularity", granularities[granularity], given.granularity_option),
            "reduction": given.reduction,
            "allocation": allocation,
            "allocation_options": options("allocation", allocations[allocation], given.allocation_option),
            "sparsity": sparsities[0],
            "seed": given.seed,
        }
    ]
    if given.recalibrate:
        recipe.append({"kind": "recalibrate"})
    measured = options("measure", measures["accuracy"], [f"count={given.count}", f"split={given.split}"])
    accuracy = [{"name": "accuracy", "options": measured}]
    if given.data is None and models[given.model].data is None:
        print(f"{given.model} has no data set here, so no accuracy is measured: name one with --data.", file=sys.stderr)
        accuracy = []
    content = {
        "base": {"model": given.model, "data": given.data, "seed": given.model_seed, "device": given.device},
        "recipe": recipe,
        "axes": {"0.sparsity": sparsities} if len(sparsities) > 1 else {},
        "measures": [*accuracy, {"name": "profile"}],
    }
    return checked("the study", Study, content)


def read_study(path: str) -> Study:
    """The study in a file, ``-`` for standard input; what ``prune --json`` printed is read too. In UTF-8, with a
    mark at its beginning or without, in UTF-16 or UTF-32, as PowerShell writes them.

    Raises:
        BadValue: no such file, or no study in it.
    """

    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        text = raw.decode(json.detect_encoding(raw))
    except (OSError, ValueError) as error:  # also a zero byte in the name, and bytes that are no text
        told = isinstance(error, UnicodeError)
        why = "it is neither UTF-8 nor UTF-16 text" if told else getattr(error, "strerror", None) or str(error)
        raise BadValue(f"The study '{shortened(path)}' cannot be read: {why}.") from None
    content = read_json(text)
    if isinstance(content, dict) and isinstance(content.get("study"), dict):
        text = json.dumps(content["study"])
    return load_study(text)


def fitting_words(given: argparse.Namespace) -> tuple[str, str]:
    """The granularity and the allocation that were named. Where one was not: the usual one, or the first that goes with
    the rest, which is then said.

    Raises:
        UnknownName: no such scorer or granularity.
    """
    usual = {name: field.default for name, field in Prune.model_fields.items()}
    scorer, granularity, allocation = given.scorer, given.granularity, given.allocation
    if granularity is None:
        fitting = granularities_for(scorer, options("scorer", scorers[scorer], given.option))
        granularity = usual["granularity"] if usual["granularity"] in fitting or not fitting else fitting[0]
        if granularity != usual["granularity"]:
            print(f"{scorers[scorer].label}: granularity {granularity}, which goes with it.", file=sys.stderr)
    if allocation is None:
        fitting = allocations_for(scorer, granularity)
        allocation = usual["allocation"] if usual["allocation"] in fitting or not fitting else fitting[0]
        if allocation != usual["allocation"]:
            asks = granularities[granularity] if granularities[granularity].allocations else scorers[scorer]
            print(f"{asks.label}: allocation {allocation}, which goes with it.", file=sys.stderr)
    return granularity, allocation
