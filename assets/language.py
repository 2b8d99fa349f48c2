"""Measure what the page Language shows first: ``python assets/language.py [--models lm:llama_novels lm:smollm2]``.

For each network: perplexity and what it hides (the measure ``language``) at every stop of the page, by each criterion
and by chance; with two of four neighbours kept; and without whole blocks. Writes ``assets/grids/language_NAME.json``,
whose results the app labels as stored with the program. Resumable, as ``assets/grids.py`` is. SmolLM2 must be fetched
before (``python -m pruning fetch smollm2``), and takes about an hour on a quiet CPU.
"""

from __future__ import annotations

import argparse

from grids import ROOT, Grid, run, torch

from pages.choices.language import EMBEDDED, NETWORKS, SOLVERS, Reading
from pruning.study.study import Study

BLOCKS = {EMBEDDED: (170, 340, 510), "lm:smollm2": (34, 67, 134, 200)}
"""Shares of blocks that go, per mille: one, two and three of six; one, two, four and six of thirty."""


def studies(model: str) -> list[Study]:
    """Everything that is stored of a network, what the page shows first before the rest."""
    choice = Reading.model_validate({"model": model})
    kinds = [scorer for scorer in SOLVERS if scorer != "random"]
    return [
        *(choice.curve(scorer) for scorer in SOLVERS),
        *(choice.patterns(scorer) for scorer in kinds),
        choice.blocks(BLOCKS[model]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=NETWORKS, default=[EMBEDDED])
    options = parser.parse_args()
    torch.set_num_threads(1)
    for model in options.models:
        name = f"language_{model.partition(':')[2]}.json"
        grid = Grid(ROOT / "assets" / "grids" / name, "python assets/language.py")
        for study in studies(model):
            rows = run(study, grid)
            for row in rows:
                value, step = row["value"], study.recipe[0]
                print(
                    model, step.scorer, step.granularity, row["coordinates"], f"{value['perplexity']:.2f}", flush=True
                )
        grid.forget()


if __name__ == "__main__":
    main()
