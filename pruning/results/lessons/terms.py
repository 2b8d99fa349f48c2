"""What network pruning is not: terms that are mixed up with it, from ``terms.toml``, and the glossary's search."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import Field

from pruning.common.spec import Spec
from pruning.common.validation import checked
from pruning.results.charts.words import GLOSSARY
from pruning.results.lessons.shape import SideBySide, Variant

FILE = Path(__file__).with_name("terms.toml")


class Term(Spec):
    """One term. Without ``variants`` this program has nothing to measure for it."""

    name: str
    said: str = Field(alias="is", description="What it is.")
    differs: str
    model: str = "lenet_300_100"
    quantities: tuple[str, ...] = ("accuracy",)
    variants: tuple[Variant, ...] = ()

    @property
    def experiment(self) -> SideBySide | None:
        """Both networks, or None."""
        if not self.variants:
            return None
        return SideBySide(model=self.model, quantities=self.quantities, variants=self.variants)


@cache
def terms() -> dict[str, Term]:
    """All terms by name.

    Raises:
        BadValue: the file is wrong; the sentence names the term.
    """
    given = tomllib.loads(FILE.read_text(encoding="utf-8"))["terms"]
    return {one["name"]: checked(f"the term '{one['name']}'", Term, one) for one in given}


def glossary(words: str = "") -> dict[str, str]:
    """Sentences by term, of the glossary and of ``terms``, in alphabetical order; those in which all words occur.

    >>> list(glossary("layer collapse"))
    ['layer collapse']
    """
    every = dict(GLOSSARY)
    for name, one in terms().items():
        term = name.lower()
        every[term] = " ".join(filter(None, [every.get(term), one.said, one.differs]))
    wanted = words.casefold().split()
    return {
        term: every[term]
        for term in sorted(every, key=str.casefold)
        if all(word in f"{term} {every[term]}".casefold() for word in wanted)
    }
