"""What is measured of an approach: its studies of accuracy, files and times."""

from __future__ import annotations

from pruning.study.methods.approaches import CHOICE, REPORT, Approach
from pruning.study.study import MeasureSpec, Network, Study
from pruning.zoo.base import Base


def measures_of(approach: Approach) -> tuple[MeasureSpec, ...]:
    """What is measured of an approach: right and wrong on test and validation, and what is delivered.

    An int8 file is judged as its runtime runs it.
    """
    sizes = MeasureSpec(name="footprint")
    if approach.int8:
        return (
            *(
                MeasureSpec(name="runtime", options={"precision": "int8", "split": split, "count": count})
                for split, count in (("test", REPORT), ("validation", CHOICE))
            ),
            sizes,
        )
    return (
        *(
            MeasureSpec(name="verdicts", options={"split": split, "count": count})
            for split, count in (("test", REPORT), ("validation", CHOICE))
        ),
        sizes,
    )


def study_of(base: Base, approach: Approach) -> Study:
    """The work of one approach."""
    network = Network(base=base, recipe=approach.recipe)
    return Study(networks=(network,), measures=measures_of(approach))


def files_of(base: Base, approach: Approach) -> Study:
    """The work of making an approach's files: the smallest, and one that is easy to read; or its int8 file."""
    file = MeasureSpec(name="runtime_file", options={"precision": "int8"})
    wanted = (MeasureSpec(name="delivery", options={"form": "smallest"}), MeasureSpec(name="delivery"))
    network = Network(base=base, recipe=approach.recipe)
    return Study(networks=(network,), measures=(file,) if approach.int8 else wanted)


def timing_of(base: Base, approach: Approach) -> Study:
    """The work of timing an approach: the same for all that compute the same."""
    network = Network(base=base, recipe=approach.shapes)
    return Study(networks=(network,), measures=(MeasureSpec(name="runtime_latency"),))
