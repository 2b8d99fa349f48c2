"""The words of an address: read with a sentence for each that cannot be used, and written. No Streamlit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Self, TypeVar

from pruning.common.errors import PruningError
from pruning.common.spec import Spec
from pruning.common.validation import checked

SHOWN = 80
"""Letters of a wrong word that its sentence repeats."""


class Words(Spec):
    """What is chosen on a page beside the setting. The defaults may be a model's: see ``of``."""

    @classmethod
    def of(cls, model: str) -> Self:
        """The defaults of a model."""
        raise NotImplementedError

    @classmethod
    def bounds(cls, name: str) -> tuple[Any, Any]:
        """Lowest and highest value of a number."""
        ends = cls.model_fields[name].metadata
        return next(end.ge for end in ends if hasattr(end, "ge")), next(end.le for end in ends if hasattr(end, "le"))

    def words(self, model: str) -> dict[str, str]:
        """The words of an address: what differs from the model's defaults."""
        usual = type(self).of(model).model_dump()
        return {name: _word(value) for name, value in self.model_dump().items() if value != usual[name]}


C = TypeVar("C", bound=Words)


S = TypeVar("S", bound=Spec)


def read_choices(words: Mapping[str, str], usual: S) -> tuple[S, list[str]]:
    """The choices that the words of an address describe, and one sentence for each word that cannot be used.

    Args:
        words: only words that are fields.
        usual: what holds where the address says nothing, or something wrong.
    """
    values: dict[str, Any] = dict(words)
    if "ways" in values:
        values["ways"] = tuple(part for part in words["ways"].split(",") if part != "none")
    try:  # together: some go with each other and not with the usual ones
        return checked("the link", type(usual), usual.model_dump() | values), []
    except PruningError:
        chosen, changes = usual, []
    # Then one by one; steps come first, as rounds are bounded by them.
    for name in sorted(words, key=lambda name: name != "steps"):
        text = words[name]
        try:
            chosen = checked("the link", type(usual), chosen.model_dump() | {name: values[name]})
        except PruningError as error:
            why = str(error).removeprefix(f"In the link: {name}: ").split(" (given: ")[0].rstrip(".")
            instead = f"{_said(getattr(usual, name))} is taken instead"
            changes.append(f"The link's {name} '{text[:SHOWN]}' cannot be used, {instead}. {why[0].upper()}{why[1:]}.")
    return chosen, changes


def _word(value: Any) -> str:
    """A value as one word of an address."""
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(value) or "none" if isinstance(value, tuple | list) else str(value)


def _said(value: Any) -> str:
    """A default in a sentence."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "the usual choice" if value is None else str(value)


def strangers(found: Mapping[str, str], version: str, known: Collection[str]) -> list[str]:
    """A sentence for another version of a page's words, and for each word that is none of the page's."""
    said = []
    if (given := found.get("v", version)) != version:
        said.append(f"The link has schema version {given[:SHOWN]}; this page reads version {version}.")
    unknown = [name for name in found if name != "v" and name not in known]
    return said + [f"The link's '{name[:SHOWN]}' is not known on this page and was left out." for name in unknown]
