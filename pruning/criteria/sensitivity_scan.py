"""The sensitivity scan: validation accuracy with one group of units pruned, and everything else as it was."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pruning.common.hashing import digest
from pruning.common.levels import in_percent
from pruning.common.limits import SCAN_MB, WORKER_SCANS
from pruning.common.memory import Recent
from pruning.common.progress import Progress
from pruning.criteria.ranking import MASKED, counts
from pruning.network.inputs import BATCH
from pruning.network.partial_forward import Call, PartialForward
from pruning.network.passes import like
from pruning.network.scene import Scene
from pruning.network.units import Group, Layout
from pruning.network.weights import layer_label
from pruning.zoo.match import split_of

SPLIT = "validation"
TRIAL = 3
"""Images on which places to start from are tried."""

_memory: Recent[dict[str, Any]] = Recent(WORKER_SCANS, "scans")


def scan(
    scene: Scene, units: Mapping[str, Tensor], count: int, shares: Sequence[int], progress: Progress
) -> dict[str, Any]:
    """Correct answers with one layer alone pruned, for every layer and share.

    What lies before the changed layer is computed once; predictions are those of passes through the whole network.
    The network is left alone. The same scan is not made twice in this process.

    Args:
        scene: the network before the pruning step, with its layout.
        units: the unit scores of each group; its lowest go first, masked ones before all.
        count: images, from the start of the validation split.
        shares: of a layer's units removed, per mille.
        progress: is called before every batch; partial results, after every layer, have None for layers to come.

    Returns:
        JSON-ready: ``layers`` (as many as groups, in their order, named by the weight that leads each), ``shares``,
        ``count``, ``split``, ``dense_correct`` (of the network before this step), ``correct`` (one list a layer, one
        count a share), ``units`` of each layer and how many of them were really ``removed`` at each share, with all
        that is coupled to them (few units: 10 % may be none), ``seconds``.

    Raises:
        Missing: there are no images for this network.
    """
    key = digest("scan", scene.base.state_key(), _content(scene, units), count, list(shares))
    return _memory.get_or_make(key, lambda: _scan(scene, units, count, shares, progress))


def _scan(scene: Scene, units: Mapping[str, Tensor], count: int, shares: Sequence[int], progress: Progress) -> Any:
    assert scene.layout is not None
    began, groups = time.perf_counter(), scene.layout.groups
    images = _Images(scene, count)
    total, done = len(images) * (len(groups) * len(shares) + 1), 0
    lines: list[list[int] | None] = [None] * len(groups)
    gone: list[list[int] | None] = [None] * len(groups)
    result: dict[str, Any] = {
        "layers": [layer_label(group.leads) for group in groups.values()],
        "shares": list(shares),
        "count": images.count,
        "split": SPLIT,
        "dense_correct": 0,
        "correct": lines,
        "units": [group.count for group in groups.values()],
        "removed": gone,
    }

    def correct(note: str) -> int:
        right = 0
        for i in range(len(images)):
            progress(done + i, total, note)
            right += images.correct(i)
        return right

    result["dense_correct"] = correct("the network as it is")
    done += len(images)
    parameters = dict(images.replay.model.named_parameters(remove_duplicate=False))
    changed = {name: [parameters[m.parameter] for m in group.members] for name, group in groups.items()}
    uses = {name: images.replay.use(found) for name, found in changed.items()}
    rows = {name: row for row, name in enumerate(groups)}
    for name in sorted(groups, key=lambda name: uses[name]):
        label = result["layers"][rows[name]]
        images.start_at(images.replay.cut(uses[name]), partial(progress, done, total, f"up to {label}"))
        order = units[name].detach().flatten().argsort(stable=True)
        masked = int((units[name] == MASKED).sum())
        found: dict[int, int] = {}
        line, taken = [], []
        for share in shares:
            removed = max(int(counts(np.array([share]), len(order))[0]), masked)
            if removed not in found:  # few units: several shares may remove as many
                with pruned(parameters, groups[name], order[:removed]):
                    found[removed] = correct(f"{label} alone, {in_percent(share)} removed")
            line.append(found[removed])
            taken.append(removed)
            done += len(images)
        lines[rows[name]], gone[rows[name]] = line, taken
        so_far = {**result, "correct": list(lines), "removed": list(gone), "seconds": time.perf_counter() - began}
        progress(done, total, label, so_far)
    return {**result, "seconds": time.perf_counter() - began}


@contextmanager
def pruned(parameters: Mapping[str, nn.Parameter], group: Group, removed: Tensor) -> Generator[None]:
    """Units of one group, by number, are zero for a while in a network, all of whose parameters are given by name."""
    keep = torch.ones(group.count, dtype=torch.bool, device=removed.device)
    keep[removed] = False
    shapes = {member.parameter: tuple(parameters[member.parameter].shape) for member in group.members}
    masks = Layout({"": group}).expanded({"": keep}, shapes)
    before = {name: parameters[name].detach().clone() for name in masks}
    try:
        with torch.no_grad():
            for name, mask in masks.items():
                parameters[name].masked_fill_(~mask.to(parameters[name].device), 0.0)
        yield
    finally:
        with torch.no_grad():
            for name, value in before.items():
                parameters[name].copy_(value)


class _Images:
    """The first validation images in the batches of ``predict``, and what the network made of them up to a cut."""

    def __init__(self, scene: Scene, count: int) -> None:
        scene.base.task.need_classes(scene.base.model)
        self.split = split_of(scene.base, SPLIT)
        self.count = min(count, len(self.split))
        self.slices = [slice(i, min(i + BATCH, len(self.split))) for i in range(0, self.count, BATCH)]
        self.model = scene.model
        trial = like(scene.model, self.split.batch(0, min(TRIAL, len(self.split)))[0])
        self.replay = PartialForward(scene.model, trial)
        self.blank = trial.new_zeros(()).expand(BATCH, *trial.shape[1:])
        self.cut: Call | None = None
        self.held: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return len(self.slices)

    def correct(self, i: int) -> int:
        """Correct answers on a batch, counting only the images that were asked for."""
        out = self.replay.run(self._input(i), *self._start(i))
        right = out.float().softmax(1).max(1).indices.cpu() == self.split.labels[self.slices[i]]
        return int(right[: self.count - self.slices[i].start].sum())

    def start_at(self, cut: Call | None, look: Callable[[], None]) -> None:
        """Keep what every batch becomes by that cut, as far as there is room.

        Args:
            look: is called before every batch; may raise ``Cancelled``.
        """
        if cut is None or cut == self.cut:
            return
        held, room = {}, SCAN_MB * 2**20
        for i in range(len(self)):
            look()
            if room <= 0:
                break
            held[i] = self.replay.output(cut, self._input(i), *self._start(i))
            self.held.pop(i, None)
            room -= held[i].nbytes
        self.cut, self.held = cut, held

    def _input(self, i: int) -> Tensor:
        """The images of a batch, on the device; where later activations are held only the shape counts."""
        part = self.slices[i]
        if i in self.held:
            return self.blank[: part.stop - part.start]
        return like(self.model, self.split.batch(part.start, part.stop)[0])

    def _start(self, i: int) -> tuple[Call | None, Tensor | None]:
        return (self.cut, self.held[i]) if i in self.held else (None, None)


def _content(scene: Scene, units: Mapping[str, Tensor]) -> str:
    """A hash of all that a scan depends on beside its options: the network's numbers, scores, units."""
    found = hashlib.blake2b(digest_size=16)

    def add(name: str, tensor: Tensor | None) -> None:
        found.update(name.encode())
        if tensor is not None:
            found.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())

    for name, tensor in scene.model.state_dict().items():
        add(name, tensor)
    assert scene.layout is not None
    for name, group in scene.layout.groups.items():
        add(name, units[name])
        for member in group.members:
            add(member.parameter, member.unit)
    return found.hexdigest()
