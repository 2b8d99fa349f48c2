"""Sparse linear: from which sparsity on, if any, do zeros buy time on this machine without being removed?"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from pruning.common.levels import LEVELS
from pruning.common.progress import Desk
from pruning.measures.kinds import Timing, measures

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.state import State

BLOCK = 16
"""Rows and columns of the blocks that are pruned and stored together."""
ON_CUDA = "2:4 needs a GPU with sparse tensor cores (CUDA, compute capability 8.0 or later)"


@measures.register
class SparseLinear(Timing):
    """Times of one linear layer, ``features`` x ``features``, in several forms of execution, by turns in one run.

    "dense": no zeros. "masked": the same kernel, smallest weights zero. "csr": these zeros left out, compressed sparse
    rows. "block": smallest 16x16 blocks left out (BSR). "n_m": 2:4 in float16 against dense float16, at 50 % alone,
    where the hardware has it. It is a fact about the machine and its libraries, not about a network: the state is not
    looked at, but for its device. Result: ``rows``, one per batch size, form and sparsity (per mille; dense: 0):
    ``batch``, ``form``, ``sparsity``, ``median_ms``, ``low_ms`` and ``high_ms`` (quartiles), ``samples``, and
    ``faster``, ``faster_low`` and ``faster_high``: dense time over this one in the same round, median and quartiles;
    ``left``: forms that are not there, and why; ``features``, ``threads``, ``device``, ``clock``, ``machine``.
    Partial results grow by batch size.
    """

    name = "sparse_linear"
    label = "Sparse execution"
    summary = "One linear layer dense, masked, in CSR and in blocks, from 50 to 99 % sparse, on this machine."

    features: int = Field(1024, ge=16, le=8192, multiple_of=BLOCK, description="Inputs and outputs of the layer.")
    sparsities: tuple[Annotated[int, Field(ge=1, le=999)], ...] = Field(
        (500, 600, 700, 800, 900, 950, 980, 990), min_length=1, max_length=20, description="Per mille of zeros."
    )
    batches: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field(
        (1, 16, 64), min_length=1, max_length=8, description="Inputs in one pass."
    )
    seconds: float = Field(6.0, gt=0, le=60, description="Time spent at each batch size, at least seven rounds.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch

        from pruning.measures.tools.stopwatch import by_turns, conditions, quartiles, ratios

        device = next(state.model.parameters()).device
        generator = torch.Generator().manual_seed(0)
        weight = torch.randn(self.features, self.features, generator=generator).to(device)
        found: dict[str, Any] = {"rows": [], "left": {}, "features": self.features, **conditions(device)}
        layers, found["left"] = forms(weight, self.sparsities)
        for number, batch in enumerate(self.batches):
            x, note = torch.randn(batch, self.features, generator=generator).to(device), f"{batch} inputs a pass"
            works = {f"{form} {sparsity}": partial(layer, x) for (form, sparsity), layer in layers.items()}
            times = by_turns(works, self.seconds, device, desk.part(number, len(self.batches), note))
            for form, sparsity in layers:
                if form != "dense_half":
                    than, taken = times["dense_half 0" if form == "n_m" else "dense 0"], times[f"{form} {sparsity}"]
                    row = {"batch": batch, "form": form, "sparsity": sparsity}
                    found["rows"].append({**row, **quartiles(taken), **ratios(than, taken)})
            desk.progress(number + 1, len(self.batches), note, {**found, "rows": [*found["rows"]]})
        return found


def forms(
    weight: Tensor, sparsities: tuple[int, ...]
) -> tuple[dict[tuple[str, int], Callable[[Tensor], Tensor]], dict[str, str]]:
    """The layer in each form of execution, by its name and sparsity (per mille); and forms that fail here, with why.

    Args:
        weight: ``(outputs, inputs)``, float32, both divisible by 16. Layers take ``(batch, inputs)``.
    """
    import torch
    from torch.nn.functional import linear

    layers: dict[tuple[str, int], Callable[[Tensor], Tensor]] = {("dense", 0): partial(linear, weight=weight)}
    left: dict[str, str] = {}
    x = torch.zeros(2, weight.shape[1], device=weight.device)
    blocks = weight.unflatten(0, (-1, BLOCK)).unflatten(2, (-1, BLOCK)).square().sum((1, 3))
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls its sparse layouts beta each time
        for sparsity in sparsities:
            masked = torch.where(_kept(weight.abs(), sparsity), weight, 0.0)
            whole = _kept(blocks, sparsity).repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)
            layers["masked", sparsity] = partial(linear, weight=masked)
            makers = {"csr": masked.to_sparse_csr, "block": partial(_in_blocks, torch.where(whole, weight, 0.0))}
            for form, make in makers.items():
                try:
                    layer = partial(_times_columns, make())
                    layer(x)
                except (RuntimeError, NotImplementedError) as error:
                    left[form] = _first(error)
                else:
                    layers[form, sparsity] = layer
        if x.device.type != "cuda" or torch.cuda.get_device_capability(x.device) < (8, 0):
            return layers, {**left, "n_m": ON_CUDA}
        try:
            half = weight.half()
            sparse = torch.sparse.to_sparse_semi_structured(torch.where(_two_of_four(half), half, 0.0))
            linear(x.half(), sparse)
        except (RuntimeError, NotImplementedError) as error:
            left["n_m"] = _first(error)
        else:
            layers["n_m", 500], layers["dense_half", 0] = partial(_in_half, sparse), partial(_in_half, half)
    return layers, left


def _first(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _kept(scores: Tensor, sparsity: int) -> Tensor:
    """Which entries stay when exactly a share, per mille, of the lowest goes."""
    import torch

    gone = scores.flatten().argsort(stable=True)[: round(scores.numel() * sparsity / LEVELS)]
    kept = torch.ones(scores.numel(), dtype=torch.bool, device=scores.device)
    kept[gone] = False
    return kept.view_as(scores)


def _two_of_four(weight: Tensor) -> Tensor:
    """The two largest of each four neighbours in a row."""
    import torch

    groups = weight.abs().unflatten(1, (-1, 4))
    return torch.zeros_like(groups, dtype=torch.bool).scatter_(2, groups.topk(2, dim=2).indices, True).flatten(1)


def _in_blocks(weight: Tensor) -> Tensor:
    return weight.to_sparse_bsr((BLOCK, BLOCK))


def _in_half(weight: Tensor, x: Tensor) -> Tensor:
    """The layer in float16, its input converted too: what a network in float32 would have to do."""
    from torch.nn.functional import linear

    return linear(x.half(), weight)


def _times_columns(sparse: Tensor, x: Tensor) -> Tensor:
    """The layer's output, with the sparse matrix on the left, where torch's kernels are quick."""
    return (sparse @ x.t()).t()
