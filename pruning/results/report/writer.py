"""A document block by block and its Markdown word by word, in whatever a format writes: the part that all share."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from pruning.results.report.blocks import (
    Block,
    Code,
    Document,
    Figure,
    Formula,
    Heading,
    PrintedTable,
    Prose,
    Works,
)

CITED = re.compile(r"\[@([a-z0-9]+)\]")


class Writer(ABC):
    """Writes one document. What a person wrote arrives in ``escaped``, ``code`` and ``link`` alone."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.figures = self.tables = 0

    def blocks(self) -> list[str]:
        """Every block, in order."""
        kinds: dict[type, Callable[[Any], str]] = {
            Heading: lambda block: self.heading(self.escaped(block.text), block.level),
            Prose: lambda block: self.markdown(block.markdown),
            PrintedTable: self._table,
            Figure: self._figure,
            Formula: lambda block: self.formula(block.latex),
            Code: lambda block: self.code_block(block.text, block.language),
            Works: lambda block: self.references(),
        }
        return [self._block(kinds, block) for block in self.document.blocks]

    def _block(self, kinds: dict[type, Callable[[Any], str]], block: Block) -> str:
        return kinds[type(block)](block)

    def _table(self, table: PrintedTable) -> str:
        self.tables += 1
        lines = [[self.escaped(cell) for cell in line] for line in table.lines]
        return self.table([self.escaped(cell) for cell in table.head], lines, table.numbers, self.line(table.caption))

    def _figure(self, figure: Figure) -> str:
        self.figures += 1
        caption = self.escaped(figure.chart.title)
        return self.figure(figure, caption + (f". {self.line(figure.source)}" if figure.source else ""))

    def references(self) -> str:
        """The works, each at the number that citations of it show."""
        return self.markdown("\n".join(f"{place}. {work.text}" for place, work in enumerate(self.document.works, 1)))

    def markdown(self, text: str) -> str:
        """Markdown as blocks of the format."""
        from markdown_it.tree import SyntaxTreeNode

        return "\n\n".join(self._node(node) for node in SyntaxTreeNode(_parser().parse(text)).children)

    def line(self, text: str) -> str:
        """Markdown of one paragraph, without what surrounds a paragraph."""
        from markdown_it.tree import SyntaxTreeNode

        return "".join(self._children(node) for node in SyntaxTreeNode(_parser().parseInline(text)).children)

    def _children(self, node: Any, between: str = "") -> str:
        return between.join(self._node(child) for child in node.children)

    def _node(self, node: Any) -> str:
        kind = node.type
        if kind == "text":
            return self._text(node.content)
        if kind in ("code_inline", "fence", "code_block"):
            inline = kind == "code_inline"
            return self.code(node.content) if inline else self.code_block(node.content.rstrip("\n"), "")
        if kind == "softbreak":
            return "\n"
        if kind == "hardbreak":
            return self.hard_break()
        if kind == "heading":
            return self.heading(self._children(node), min(4, int(node.tag[1:]) + 1))
        if kind in ("em", "strong"):
            return self.emphasis(self._children(node), strong=kind == "strong")
        if kind == "link":
            return self._link(str(node.attrs.get("href", "")), self._children(node))
        if kind in ("bullet_list", "ordered_list"):
            items = [self._children(item, "\n\n") for item in node.children]
            return self.listing(items, ordered=kind == "ordered_list")
        if kind == "blockquote":
            return self.quote(self._children(node, "\n\n"))
        if kind == "paragraph":
            return self.paragraph(self._children(node), tight=bool(node.hidden))
        if kind == "hr":
            return self.rule()
        return self._children(node) if node.children else self._text(node.content)

    def _text(self, text: str) -> str:
        parts = CITED.split(text)  # text and keys by turns
        known = {work.key for work in self.document.works}
        return "".join(
            self.cite(part) if place % 2 and part in known else self.escaped(f"[@{part}]" if place % 2 else part)
            for place, part in enumerate(parts)
        )

    def _link(self, address: str, words: str) -> str:
        """Links to the web; what else an address may start stays words."""
        return self.link(address, words) if urlsplit(address).scheme in ("http", "https", "mailto") else words

    @abstractmethod
    def escaped(self, text: str) -> str:
        """Plain text so that the format reads none of it as its own."""

    @abstractmethod
    def cite(self, key: str) -> str: ...

    @abstractmethod
    def heading(self, words: str, level: int) -> str: ...

    @abstractmethod
    def paragraph(self, words: str, *, tight: bool) -> str: ...

    @abstractmethod
    def emphasis(self, words: str, *, strong: bool) -> str: ...

    @abstractmethod
    def code(self, text: str) -> str: ...

    @abstractmethod
    def code_block(self, text: str, language: str) -> str: ...

    @abstractmethod
    def link(self, address: str, words: str) -> str: ...

    @abstractmethod
    def listing(self, items: Sequence[str], *, ordered: bool) -> str: ...

    @abstractmethod
    def quote(self, words: str) -> str: ...

    @abstractmethod
    def rule(self) -> str: ...

    @abstractmethod
    def hard_break(self) -> str: ...

    @abstractmethod
    def formula(self, latex: str) -> str: ...

    @abstractmethod
    def table(self, head: Sequence[str], lines: Sequence[Sequence[str]], right: Sequence[bool], caption: str) -> str:
        """A table; ``right``: columns of numbers; ``caption`` is written already."""

    @abstractmethod
    def figure(self, figure: Figure, caption: str) -> str: ...


def _parser() -> Any:
    """CommonMark without HTML, whose tags are shown as they stand, and without pictures, which a document brings."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])
