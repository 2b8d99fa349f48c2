"""How many files somebody reads who follows one word through the code: ``python benchmarks/trip.py sparsity``.

A file counts where its code names the word as a variable, a parameter, an attribute, a keyword or a whole string (a
column of a table, a word of an address); comments and docstrings do not count. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def names(node: ast.AST, word: str) -> bool:
    """Whether this part of a program is the word itself."""
    given = (getattr(node, field, None) for field in ("id", "arg", "attr", "value"))
    return any(one == word for one in given if isinstance(one, str))


def stops(word: str, root: Path = ROOT) -> list[str]:
    """Files of the program, not of its tests, that name the word; sorted."""
    files = [*root.glob("pruning/**/*.py"), *root.glob("pages/**/*.py"), root / "app.py"]
    return sorted(
        str(file.relative_to(root))
        for file in files
        if any(names(node, word) for node in ast.walk(ast.parse(file.read_text())))
    )


if __name__ == "__main__":
    found = stops(sys.argv[1] if len(sys.argv) > 1 else "sparsity")
    print("\n".join(found))
    print(f"{len(found)} files")
