"""The words of an address: the fields of a specification, written, and read with a sentence for each wrong one.

A field is written by its type: numbers and texts as they are, a tick as 1 or 0, several values with commas between
them, options as JSON. A page says of its specification which fields have another notation, such as sparsity in percent.
No Streamlit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self, TypeVar, get_args, get_origin

from pages.choices.notation import JSON, SEVERAL, TEXT, Notation
from pruning.common.errors import PruningError, shortened
from pruning.common.spec import Spec
from pruning.common.validation import checked


class Words(Spec):
    """What is chosen on a page, as words of its address. The defaults may be a model's: see ``of``."""

    version: ClassVar[int] = 1
    """Of the words: it rises when the same words would mean something else."""
    notations: ClassVar[Mapping[str, Notation]] = {}
    """Of fields that are not written by their type."""
    first: ClassVar[tuple[str, ...]] = ()
    """Fields that bound others: where not all words go together, these are read before them."""
    reader: ClassVar[str] = "this page"
    place: ClassVar[str] = "on this page"
    instead: ClassVar[str] = "{} is taken instead"
    """What is done about a word that cannot be used; the braces stand for the default."""
    detailed: ClassVar[bool] = False
    """Whether the reason names the field and the value as it was understood."""

    @classmethod
    def of(cls, model: str) -> Self:
        """The defaults of a model."""
        return cls()

    @classmethod
    def bounds(cls, name: str) -> tuple[Any, Any]:
        """Lowest and highest value of a number."""
        ends = cls.model_fields[name].metadata
        return next(end.ge for end in ends if hasattr(end, "ge")), next(end.le for end in ends if hasattr(end, "le"))

    @classmethod
    def notation(cls, name: str) -> Notation:
        """How a field is written."""
        if name in cls.notations:
            return cls.notations[name]
        annotation = cls.model_fields[name].annotation
        kinds = {get_origin(part) for part in (annotation, *get_args(annotation))}
        return SEVERAL if tuple in kinds else JSON if dict in kinds else TEXT

    def words(self, model: str = "") -> dict[str, str]:
        """The words of what differs from the model's defaults."""
        usual = type(self).of(model)
        fields = type(self).model_fields
        differ = [name for name in fields if getattr(self, name) != getattr(usual, name)]
        return {name: self.notation(name).write(getattr(self, name)) for name in differ}

    def query(self, model: str = "") -> dict[str, str]:
        """The same with the version: a whole address."""
        return {"v": str(self.version)} | self.words(model)

    @classmethod
    def strangers(cls, words: Mapping[str, str], others: Collection[str] = ()) -> list[str]:
        """A sentence for another version of the words, and for each word that is not known.

        Args:
            others: words that are no fields and known all the same.
        """
        said = []
        if (given := words.get("v", str(cls.version))) != str(cls.version):
            said.append(f"The link has schema version {shortened(given)}; {cls.reader} reads version {cls.version}.")
        unknown = [name for name in words if name != "v" and name not in cls.model_fields and name not in others]
        return said + [f"The link's '{shortened(name)}' is not known {cls.place} and was left out." for name in unknown]

    @classmethod
    def read(cls, words: Mapping[str, str], usual: Self) -> tuple[Self, list[str]]:
        """What the words describe that are fields, and one sentence for each that cannot be used.

        Args:
            usual: what holds where the words say nothing, or something wrong.
        """
        own = {name: text for name, text in words.items() if name in cls.model_fields}
        chosen, changes = usual, []
        try:  # together: some go with each other and not with the usual ones
            values = {name: cls.notation(name).value(text) for name, text in own.items()}
            return checked("the link", cls, usual.model_dump() | values), []
        except PruningError:
            pass
        for name in sorted(own, key=lambda name: name not in cls.first):
            try:
                value = cls.notation(name).value(own[name])
                chosen = checked("the link", cls, chosen.model_dump() | {name: value})
            except PruningError as error:
                default = cls.instead.format(cls.notation(name).said(getattr(usual, name)))
                changes.append(refused(name, own[name], f"cannot be used, {default}. {cls._reason(name, error)}"))
        return chosen, changes

    @classmethod
    def _reason(cls, name: str, error: PruningError) -> str:
        """Why a word cannot be used."""
        text = str(error).removeprefix("In the link: ")
        if cls.detailed:
            return text
        text = text.removeprefix(f"{name}: ").split(" (given: ")[0].rstrip(".")
        return f"{text[0].upper()}{text[1:]}."


C = TypeVar("C", bound=Words)


def refused(name: str, text: str, why: str) -> str:
    """The sentence for a word that cannot be used."""
    return f"The link's {name} '{shortened(text)}' {why}"
