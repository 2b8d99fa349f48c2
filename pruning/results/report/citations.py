"""References: what registered things say they are from ("Han et al. 2015, Learning both …"), as BibTeX, as a list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

AUTHORS_YEAR = re.compile(r"^(?P<authors>.+?),? (?P<year>(?:19|20)\d\d)\b(?P<rest>.*)$")
OTHERS = "et al."


@dataclass(frozen=True)
class Citation:
    """One work that is cited.

    Attributes:
        key: of the BibTeX entry: "han2015", a letter behind it where two works would share it.
        authors: as they stand in text: "Han et al.", "Frankle & Carbin".
        year: four digits.
        title: without a full stop; empty where only authors and year are told.
        note: which part of the work is meant, or for what it is cited.
    """

    key: str
    authors: str
    year: str
    title: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """As a line of the list of references."""
        title = f" *{self.title}*{'' if self.title[-1] in '.?!' else '.'}" if self.title else ""
        note = f" {self.note[:1].upper()}{self.note[1:]}." if self.note else ""
        return f"{self.authors} ({self.year}).{title}{note}"

    @property
    def bibtex(self) -> str:
        """The entry. Authors after the first are "others" where the reference says "et al."."""
        first = self.authors.removesuffix(OTHERS).strip().rstrip(",")
        names = [name.strip() for name in re.split(r",|&| and ", first) if name.strip()]
        if self.authors.endswith(OTHERS):
            names.append("others")
        fields = {"author": " and ".join(names), "title": f"{{{self.title}}}" if self.title else "", "year": self.year}
        fields["note"] = self.note
        lines = [f"  {name} = {{{_latex(value)}}}" for name, value in fields.items() if value]
        return f"@misc{{{self.key},\n" + ",\n".join(lines) + "\n}"


class Cited:
    """The works of one document, numbered in the order in which they are first cited."""

    def __init__(self) -> None:
        self._works: dict[tuple[str, str, str], Citation] = {}

    def __call__(self, reference: str) -> str:
        """What stands in the text, in Markdown: "Han et al. 2015 [@han2015]"; several works behind semicolons each."""
        return "; ".join(self._one(part.strip()) for part in reference.split(";") if part.strip())

    @property
    def works(self) -> tuple[Citation, ...]:
        return tuple(self._works.values())

    def _one(self, reference: str) -> str:
        found = parsed(reference)
        if found is None:
            return reference
        place = (found.authors, found.year, found.title.casefold()[:30])
        alike = [one for one in self._works if one[:2] == place[:2] and (not one[2] or not place[2] or one == place)]
        if alike:
            place = alike[0]
            known = self._works[place]
            title, note = known.title or found.title, known.note or found.note
            self._works[place] = Citation(known.key, known.authors, known.year, title, note)
        else:
            taken = {one.key for one in self._works.values()}
            free = (f"{found.key}{letter}" for letter in ["", *"bcdefghijklmnopqrstuvwxyz"])
            key = next(key for key in free if key not in taken)
            self._works[place] = Citation(key, found.authors, found.year, found.title, found.note)
        return f"{found.authors} {found.year} [@{self._works[place].key}]"


def parsed(reference: str) -> Citation | None:
    """A reference taken apart; None where it names no authors and year.

    >>> parsed("Han et al. 2015, Learning both Weights and Connections").title
    'Learning both Weights and Connections'
    >>> parsed("LeCun et al. 1990 (as the baseline of Optimal Brain Damage)").note
    'as the baseline of Optimal Brain Damage'
    """
    match = AUTHORS_YEAR.match(reference.strip())
    if match is None:
        return None
    authors, year, rest = match["authors"].strip(), match["year"], match["rest"].strip().rstrip(".")
    title, note = "", ""
    if rest.startswith(","):
        title, _, note = rest[1:].strip().partition(", ")
        if " (" in title and title.endswith(")") and not note:
            title, _, note = title[:-1].rpartition(" (")
    elif rest:
        note = rest.strip("() ") if rest.startswith("(") and rest.count("(") == 1 else rest
    plain = unicodedata.normalize("NFKD", authors).encode("ascii", "ignore").decode()
    first = re.sub(r"[^a-z]", "", re.split(r"[ ,&]", plain.strip())[0].lower())
    return Citation(f"{first or 'anon'}{year}", authors, year, title, note)


def bibtex(works: Iterable[Citation]) -> str:
    """A .bib file's text."""
    return "\n\n".join(work.bibtex for work in works) + "\n"


def _latex(text: str) -> str:
    """Plain text within braces: what BibTeX would read as something else is escaped."""
    return re.sub(r"([&%$#_])", r"\\\1", text.replace("\\", " "))
