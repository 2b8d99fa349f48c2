"""Wanda, SparseGPT and GPTQ on language models, block by block, against loops that run the whole network each time."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from pruning.compression.quantization.gptq import gptq
from pruning.network.number_format import NumberFormat
from pruning.network.scene import training_examples
from pruning.network.weights import prunable
from pruning.state import State
from pruning.steps.prune import Prune
from tests.helpers.language import KINDS, start

SAMPLES = 24


def reached(model: nn.Module, names: list[str], ids: Tensor) -> dict[str, Tensor]:
    """All rows that enter these layers, float64 ``(rows, columns)``."""
    rows: dict[str, list[Tensor]] = {name: [] for name in names}
    hooks = [
        model.get_submodule(name.removesuffix(".weight")).register_forward_pre_hook(
            lambda _, args, name=name: rows[name].append(args[0].detach().double().flatten(0, -2))
        )
        for name in names
    ]
    with torch.no_grad():
        model(ids)
    for hook in hooks:
        hook.remove()
    return {name: torch.cat(found) for name, found in rows.items()}


def blocks_of(order: tuple[str, ...]) -> list[list[str]]:
    """The weights of each block, by the number in their names."""
    numbers = {name: int(next(part for part in name.split(".") if part.isdigit())) for name in order}
    return [[name for name in order if numbers[name] == number] for number in sorted(set(numbers.values()))]


def wanda(weight: Tensor, x: Tensor) -> Tensor:
    scores = weight.double().abs() * x.square().sum(0).sqrt()
    keep = torch.ones_like(weight, dtype=torch.bool)
    for row in range(len(weight)):
        keep[row, scores[row].argsort(stable=True)[: weight.shape[1] // 2]] = False
    return weight * keep


def ria(weight: Tensor, x: Tensor) -> Tensor:
    size = weight.double().abs()
    scores = (size / size.sum(1, keepdim=True) + size / size.sum(0)) * x.square().sum(0).sqrt().sqrt()
    keep = torch.ones(weight.numel(), dtype=torch.bool)
    keep[scores.flatten().argsort(stable=True)[: weight.numel() // 2]] = False
    return weight * keep.view(weight.shape)


def sparse_gpt(weight: Tensor, x: Tensor) -> Tensor:
    """The authors' loop for layers of fewer than 128 columns, written plainly."""
    w, h = weight.double().clone(), 2 * x.T @ x / len(x)
    dead = h.diagonal() == 0
    h[dead, dead], w[:, dead] = 1.0, 0.0
    h += 0.01 * h.diagonal().mean() * torch.eye(len(h), dtype=torch.float64)
    u = torch.linalg.cholesky(torch.linalg.inv(h), upper=True)
    scores = (w / u.diagonal()).square()
    gone = torch.zeros(w.numel(), dtype=torch.bool)
    gone[scores.flatten().argsort(stable=True)[: w.numel() // 2]] = True
    gone = gone.view(w.shape)
    for column in range(w.shape[1]):
        wrong = torch.where(gone[:, column], w[:, column], 0.0) / u[column, column]
        w[:, column:] -= wrong[:, None] * u[column, column:]
    return w.masked_fill(gone, 0.0).float()


def brute(state: State, solve: object, ids: Tensor) -> dict[str, Tensor]:
    """Every block's layers solved with what reaches them in the whole network, whose earlier blocks are pruned."""
    model = copy.deepcopy(state.model)
    for names in blocks_of(state.order):
        entered = reached(model, names, ids)
        for name in names:
            weight = model.get_parameter(name)
            with torch.no_grad():
                weight.copy_(solve(weight.detach(), entered[name]))  # ty: ignore[call-non-callable]
    return {name: model.get_parameter(name).detach() for name in state.order}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("scorer", "solve"), [("wanda", wanda), ("ria", ria), ("sparse_gpt", sparse_gpt)])
def test_solvers_go_block_by_block(kind: str, scorer: str, solve: object) -> None:
    state = start(kind)
    step = Prune(scorer=scorer, options={"samples": SAMPLES}, allocation="uniform", sparsity=500)
    after = state.after(step, f"{kind}-{scorer}")
    want = brute(state, solve, training_examples(state.base, SAMPLES, step.seed)[0])
    for name, weight in want.items():
        found = after.model.get_parameter(name)
        assert torch.equal(found != 0, weight != 0), name
        assert torch.allclose(found, weight, rtol=1e-3, atol=1e-4), name
        assert int((found == 0).sum()) == found.numel() // 2


def test_inputs_of_the_dense_network_make_other_masks() -> None:
    state = start("llama")
    ways = [
        state.after(
            Prune(scorer="wanda", options={"samples": SAMPLES, "sequential": on}, allocation="uniform", sparsity=500),
            f"llama-{on}",
        )
        for on in (True, False)
    ]
    first, second = blocks_of(state.order)
    assert all(torch.equal(ways[0].masks[name], ways[1].masks[name]) for name in first)
    assert not all(torch.equal(ways[0].masks[name], ways[1].masks[name]) for name in second)
    entered = reached(state.model, second, training_examples(state.base, SAMPLES, 0)[0])
    assert torch.equal(ways[1].masks[second[0]], wanda(state.weights[second[0]], entered[second[0]]) != 0)


def test_gptq_of_eight_bits_hardly_moves_a_language_model() -> None:
    state = start("llama")
    formats = gptq(state.scene(), NumberFormat(bits=8), SAMPLES)
    assert set(formats) == set(prunable(state.model))
    for name, kept in formats.items():
        error = (kept.values() - state.weights[name]).norm() / state.weights[name].norm()
        assert 0 < error < 0.02
