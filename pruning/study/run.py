"""Study -> results: the state of each cell, measured, and kept."""

from __future__ import annotations

import time
from typing import Any, Protocol, TypedDict

from pruning.common.errors import Unreachable
from pruning.common.progress import Desk, Progress, quiet
from pruning.measures.kinds import measures
from pruning.state import State
from pruning.study.fold import Ahead, ahead, state_of, to_train
from pruning.study.study import Cell, MeasureSpec, Study


class Row(TypedDict):
    """One measured result of one cell; ``value`` holds what the measure documents."""

    coordinates: dict[str, Any]
    state_key: str
    measure: str
    measure_key: str
    value: dict[str, Any]
    seconds: float
    origin: str


class ResultStore(Protocol):
    """What a run needs of a store."""

    def get(self, keys: Any) -> Any: ...
    def put(self, key: str, value: dict[str, Any], **about: Any) -> None: ...
    def write(self, kind: str, key: str, data: bytes, suffix: str) -> Any: ...
    def read(self, kind: str, key: str, suffix: str) -> bytes | None: ...


def run(study: Study, store: ResultStore | None = None, progress: Progress = quiet) -> list[Row]:
    """All results of a study, in the order of its cells and measures; what the store has is not computed again.

    Every finished result is stored at once, so that nothing is lost when the run is cancelled or dies.

    Raises:
        Cancelled: through ``progress``.
        PruningError: the first cell that cannot be computed, with one sentence.
    """
    _fetched(study)
    work = [(cell, spec, cell.measure_key(spec)) for cell in study.cells() for spec in study.measures]
    stored = store.get([key for _, _, key in work]) if store is not None else {}
    rows: list[Row] = []
    made: dict[str, Row] = {}  # cells may share a result: one profile serves every level
    trained: dict[str, Ahead] = {}
    for number, (cell, spec, key) in enumerate(work):
        known = stored.get(key)
        if study.networks and key not in made and known is None and cell.state_key not in trained:
            lacking = [cell for cell, _, key in work[number:] if key not in stored and key not in made]
            trained |= ahead(lacking, _within(progress, number, len(work)), store)
        if key in made:
            rows.append(_row(cell, spec, key, made[key]["value"], made[key]["seconds"], made[key]["origin"]))
        elif known is not None:
            rows.append(_row(cell, spec, key, known.value, known.seconds, known.origin))
        else:
            within = _within(progress, number, len(work))
            rows.append(_measured(cell, spec, key, store, within, trained.get(cell.state_key)))
            made[key] = rows[-1]
            if cell.state_key in trained:  # its first result has the time; after its last it is not needed any more
                state = trained.pop(cell.state_key).state
                if spec != study.measures[-1]:
                    trained[cell.state_key] = Ahead(state, 0.0, 0)
        if len(work) > 1:
            partial = {"rows": rows[-1:]} if measures[spec.name].stored else None
            progress(number + 1, len(work), "results", partial)
    return rows


def _fetched(study: Study) -> None:
    """Weights that are downloaded at first use are there, as far as they can be had: their content enters keys."""
    from pruning.zoo.checkpoints import fetched

    for model, seed, mark in {(cell.base.model, cell.base.seed, cell.base.mark) for cell in study.cells()}:
        fetched(model, seed, mark)


def _within(progress: Progress, number: int, count: int) -> Progress:
    """Progress of one result as a part of the whole study's; partial results pass only when it is the only one."""

    def inner(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        if count == 1:
            progress(done, total, note, partial)
        else:
            progress(number + (done / total if total else 0.0), count, f"result {number + 1} of {count}")

    return inner


def _measured(
    cell: Cell,
    spec: MeasureSpec,
    key: str,
    store: ResultStore | None,
    progress: Progress,
    made: Ahead | None = None,
) -> Row:
    """One result, computed and stored; ``made``: the cell's state where it was trained together with others."""
    known, taken, trained = made or (None, 0.0, to_train(cell.base, cell.recipe))
    began = time.perf_counter() - taken
    measure = spec.build()
    state = known or _state(cell, measure.scope == "ranking", progress, store)
    desk = Desk(progress) if store is None else Desk(progress, store.write, store.read)
    value = measure.measure(state, desk)
    seconds = time.perf_counter() - began
    if store is not None and measure.stored:
        about = {"state_key": cell.state_key, "measure": spec.name, "model": cell.base.model}
        # A trace's time is that of its training: by both the pace of trainings is known.
        images = trained if spec.name == "trace" else measure.images()
        store.put(key, value, images=images, seconds=seconds, device=cell.base.device, **about)
    return _row(cell, spec, key, value, seconds, "computed")


def _state(cell: Cell, ranked: bool, progress: Progress, store: ResultStore | None) -> State:
    """The cell's state; where its level cannot be reached, that at level 0 for what looks at all levels at once."""
    try:
        return state_of(cell.base, cell.recipe, progress, store)
    except Unreachable:
        if not ranked:
            raise
        return state_of(cell.base, cell.ranked, progress, store)


def _row(cell: Cell, spec: MeasureSpec, key: str, value: dict[str, Any], seconds: float, origin: str) -> Row:
    return {
        "coordinates": dict(cell.coordinates),
        "state_key": cell.state_key,
        "measure": spec.name,
        "measure_key": key,
        "value": value,
        "seconds": seconds,
        "origin": origin,
    }
