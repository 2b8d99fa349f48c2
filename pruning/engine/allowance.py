"""What work will cost, before it starts, and how much of it people may ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pruning.common.errors import Incompatible, PruningError
from pruning.common.limits import PERSON_HOURS, SERVER_HOURS
from pruning.common.memory import Recent
from pruning.steps.prune import Prune
from pruning.zoo.kinds import SPLITS, datasets

if TYPE_CHECKING:
    from pruning.engine.jobs import Job
    from pruning.store.store import Store
    from pruning.study.study import Study

FORWARD = 1 / 3
"""Part of a training step that is its forward pass: a backward pass has twice its operations."""
STUDIES, MANY = 1024, 10**12
_works: Recent[dict[tuple[str, str], tuple[float, float]]] = Recent(STUDIES)
"""What studies ask for, by their keys: a page asks again and again."""


def seconds(study: Study, store: Store) -> float:
    """Seconds of one worker that a study takes, about: images times draws times passes of this network, by the times
    that were measured on this machine, else by a rough guess. Steps that several cells begin with count once.

    What reads weights only counts as nothing: it is done in moments.
    """
    total = 0.0
    for (model, device), (forwards, steps) in _works.get_or_make(study.key, lambda: _work(study)).items():
        forward, step = _paces(model, device, store)
        total += forwards * forward + steps * step
    return total


def _work(study: Study) -> dict[tuple[str, str], tuple[float, float]]:
    """Images that pass forward, and that are trained on, by network and device."""
    done: set[str] = set()
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for cell in study.cells():
        place = cell.base.model, cell.base.device
        prefix, sizes = cell.base.model_dump_json(), _sizes(cell.base.data_name)
        parts = [_measure(spec, sizes) for spec in study.measures]
        for one in cell.recipe:
            whatever = one.at(0) if isinstance(one, Prune) else one  # a ranking answers all levels at once
            prefix += whatever.model_dump_json()
            if prefix not in done:
                done.add(prefix)
                parts.append(_step(one, sizes))
        before = found.get(place, (0.0, 0.0))
        found[place] = (before[0] + sum(part[0] for part in parts), before[1] + sum(part[1] for part in parts))
    return found


def refuse(studies: Sequence[Study], person: str, known: Iterable[Job], store: Store) -> None:
    """Refuse studies that are, with the unfinished background work of this server, more than may wait.

    Raises:
        Incompatible: for a person's, or for the server's limit.
    """
    ids, mine, all_of_them = {study.key for study in studies}, 0.0, 0.0
    for job in known:
        if job.durable and job.id not in ids:
            cost = seconds(job.study, store) * (1 - min(1.0, job.done / job.total if job.total else 0.0))
            all_of_them += cost
            if person in {waiter.person for waiter in job.waiters}:
                mine += cost
    more = sum(seconds(study, store) for study in studies)
    for what, waits, hours in (("one person", mine, PERSON_HOURS), ("all people", all_of_them, SERVER_HOURS)):
        if waits + more > hours * 3600:
            raise Incompatible(
                f"This is about {more / 3600:,.1f} hours of work for one worker, and {waits / 3600:,.1f} hours wait "
                f"already: this server lets {what} have {hours:.0f} hours waiting. Ask for less, or wait until some of "
                "it is done."
            )


def _paces(model: str, device: str, store: Store) -> tuple[float, float]:
    """Seconds an image of a forward pass, and of a step of training."""
    from pruning.study.methods.defaults import defaults_of

    step = store.pace(model, device, "trace") or defaults_of(model).seconds
    return store.pace(model, device) or FORWARD * step, step


def _sizes(data: str | None) -> dict[str, int]:
    """How many examples there are, where it is told: nobody passes more than that."""
    try:
        return dict(zip(SPLITS, datasets[data].sizes, strict=False)) if data else {}
    except PruningError:  # it was removed, or is somebody else's: whoever computes says so
        return {}


def _step(one: Any, sizes: dict[str, int]) -> tuple[float, float]:
    if hasattr(one, "batch"):
        return 0.0, one.steps * one.batch
    if one.kind != "prune":
        return min(getattr(one, "samples", 0), sizes.get("train", MANY)), 0.0
    from pruning.criteria.kinds import scorers

    scorer = scorers[one.scorer](**one.options)
    samples = min(getattr(scorer, "samples", 0), sizes.get("train", MANY))
    return samples * getattr(scorer, "probes", 1) / FORWARD, 0.0


def _measure(spec: Any, sizes: dict[str, int]) -> tuple[float, float]:
    entry = spec.build()
    most = sizes.get(getattr(entry, "split", "test"), MANY)
    return min(getattr(entry, "count", getattr(entry, "samples", 0)), most), 0.0
