"""Terms that are mixed up, and the search of the glossary."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pruning.results.charts.words import GLOSSARY
from pruning.results.lessons.findings import findings
from pruning.results.lessons.terms import glossary, terms
from pruning.study.run import run


def test_a_pair_shows_what_its_sentence_says() -> None:
    found = {}
    for name in ("Network pruning", "Weight decay", "Quantization"):
        experiment = terms()[name].experiment
        assert experiment is not None
        found[name] = findings(experiment, [row["value"] for row in run(experiment.study)])
    pruned = found["Network pruning"]
    assert pruned["pruned, 70 %"]["removed"] - pruned["dense"]["removed"] == 186_340
    decay = found["Weight decay"]
    assert decay["strong decay"]["removed"] < 266  # less than a weight in a thousand, though all are small
    bits = found["Quantization"]
    assert bits["4 bits"]["file"] < bits["32 bits"]["file"] / 4
    assert bits["4 bits"]["parameters"] == bits["32 bits"]["parameters"] == 100


@given(st.sampled_from(sorted(GLOSSARY)))
def test_each_term_of_the_glossary_is_found_by_its_name(term: str) -> None:
    found = glossary(term.upper())
    assert found[term].startswith(GLOSSARY[term])
    assert all(word in f"{name} {said}".casefold() for name, said in found.items() for word in term.casefold().split())
    assert glossary("no such word as qqq") == {}
