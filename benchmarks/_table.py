"""What a benchmark gives: figures, each with the peer or limit that was measured in the same run; and how they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        item: what it is about; figures of one item stand together in the report.
        name: what was measured.
        value: ours, in ``unit``.
        peer, peer_value: what it is compared with, and its value in the same unit; none where it stands alone.
        ratio, of: how the two compare, and which is divided by which.
        bound, wanted: what the ratio (without one: the value) should be; empty where nothing was promised.
        how: how it was measured.
        short: whether it stands in the README's table.
    """

    item: str
    name: str
    value: float
    unit: str
    how: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    of: str = ""
    bound: Literal["at most", "at least", ""] = ""
    wanted: float | None = None
    short: bool = False

    @classmethod
    def share(
        cls,
        item: str,
        name: str,
        value: float,
        unit: str,
        how: str,
        peer: str,
        peer_value: float,
        most: float | None = None,
        short: bool = False,
    ) -> Figure:
        """Ours as a multiple of a limit: the smaller the better."""
        bound: Literal["at most", ""] = "" if most is None else "at most"
        ratio = value / peer_value
        return cls(item, name, value, unit, how, peer, peer_value, ratio, "ours / that", bound, most, short)

    @classmethod
    def faster(
        cls,
        item: str,
        name: str,
        value: float,
        unit: str,
        how: str,
        peer: str,
        peer_value: float,
        least: float | None = None,
        short: bool = False,
    ) -> Figure:
        """How many times a peer takes longer than ours: the larger the better."""
        bound: Literal["at least", ""] = "" if least is None else "at least"
        ratio = peer_value / value
        return cls(item, name, value, unit, how, peer, peer_value, ratio, "that / ours", bound, least, short)

    @property
    def met(self) -> bool | None:
        """Whether it is as wanted, or None where nothing was promised."""
        found = self.value if self.ratio is None else self.ratio
        if self.wanted is None:
            return None
        return found <= self.wanted if self.bound == "at most" else found >= self.wanted

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"met": self.met}

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> Figure:
        return cls(**{name: value for name, value in given.items() if name != "met"})

    def cells(self) -> list[str]:
        """As a row: name, value, what it is compared with, ratio, wanted, met."""
        against = f"{self.peer}: {number(self.peer_value)} {self.unit}" if self.peer_value is not None else self.peer
        ratio = "" if self.ratio is None else f"{number(self.ratio)} ({self.of})"
        wanted = "" if self.wanted is None else f"{self.bound} {number(self.wanted)}"
        met = {None: "", True: "yes", False: "no"}[self.met]
        return [self.name, f"{number(self.value)} {self.unit}", against.strip(), ratio, wanted, met]


HEAD = ["what", "here", "against", "ratio", "wanted", "met"]


def number(value: float) -> str:
    """Three digits that count, with separators of thousands; whole numbers whole."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{float(f'{value:.3g}'):.6f}".rstrip("0").rstrip(".") if abs(value) >= 1e-4 else f"{value:.2g}"


def table(head: list[str], lines: Iterable[list[str]]) -> list[str]:
    """A Markdown table, line by line."""
    marked = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in line] for line in lines)]
    return ["| " + " | ".join(line) + " |" for line in marked]
