"""A lesson from its file: Markdown with TOML: ``+++`` about it ``+++``, then five parts with a fence of data each."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from pruning.common.errors import BadValue, reason
from pruning.common.spec import Spec
from pruning.common.validation import explain
from pruning.results.lessons.shape import PARTS, Exercise, Guess, Histogram, SideBySide

TEXTS = Path(__file__).with_name("texts")
_FENCE = re.compile(r"^```toml\n(.*?)^```\n?", re.MULTILINE | re.DOTALL)
_PART = re.compile(r"^## (.+)$", re.MULTILINE)


class Lesson(Spec):
    """One lesson.

    Attributes:
        number: its place, from 1.
        minutes: that a class needs for it.
        texts: Markdown of each of ``PARTS``.
        look: what is seen first.
        experiment: what is revealed.
    """

    number: int = Field(ge=1)
    title: str
    question: str
    minutes: int = Field(ge=1)
    texts: dict[str, str]
    look: SideBySide | Histogram
    guess: Guess
    experiment: SideBySide
    task: Exercise

    @model_validator(mode="after")
    def _fits(self) -> Lesson:
        names = [one.name for one in self.experiment.variants]
        unknown = {self.guess.of, *self.guess.choices} - {"", *names}
        if unknown:
            raise BadValue(f"The guess names {', '.join(sorted(unknown))}; the networks are {', '.join(names)}.")
        if self.guess.quantity not in self.experiment.quantities:
            raise BadValue(f"The guess is of '{self.guess.quantity}', which the experiment does not measure.")
        self.task.experiment(self.task.solution)
        return self


def read_lesson(text: str, name: str = "the lesson") -> Lesson:
    """A lesson from the text of its file.

    Raises:
        BadValue: a part or its data is missing or wrong; the sentence names it.
    """
    head, _, body = text.partition("+++\n")[2].partition("+++\n")
    pieces = _PART.split(body)
    parts = {title.strip().lower(): part for title, part in zip(pieces[1::2], pieces[2::2], strict=True)}
    if tuple(parts) != PARTS:
        raise BadValue(f"In {name}: the parts are {', '.join(PARTS)}, in this order, not {', '.join(parts) or 'none'}.")
    data: dict[str, Any] = {}
    try:
        data |= tomllib.loads(head)
        for part in parts.values():
            for fence in _FENCE.findall(part):
                data |= tomllib.loads(fence)
    except tomllib.TOMLDecodeError as error:
        raise BadValue(f"In {name}: the data is no TOML: {reason(error)}.") from None
    try:
        return Lesson(**data, texts={title: _FENCE.sub("", part).strip() for title, part in parts.items()})
    except ValidationError as error:
        raise BadValue(f"In {name}: {explain('the lesson', error)}") from None


@cache
def lessons() -> dict[int, Lesson]:
    """All lessons by their number: adding one is adding a file to ``texts/``.

    Raises:
        BadValue: a file is wrong, or two have one number.
    """
    found: dict[int, Lesson] = {}
    for file in sorted(TEXTS.glob("*.md")):
        lesson = read_lesson(file.read_text(encoding="utf-8"), file.name)
        if lesson.number in found:
            raise BadValue(f"{file.name} has the number {lesson.number}, which another lesson has.")
        found[lesson.number] = lesson
    return dict(sorted(found.items()))
