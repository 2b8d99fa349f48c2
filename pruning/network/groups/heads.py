"""Attention heads: which rows and columns of an attention layer's projections belong to each head."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from pruning.network.groups.trial import Trial, remembered
from pruning.network.units import Group, Layout, Member

COUNTS = ("num_heads", "n_heads", "num_attention_heads", "heads")
"""Attributes under which attention layers keep their number of heads."""
WIDTHS = ("head_dim", "head_size")
"""Attributes under which layers that keep no such number have the width of a head."""

NONE = "the network has no attention heads"
OUTSIDE = "it is not a projection of an attention layer"
UNPROVED = "its attention layer does not keep heads apart in a way that this program knows"


def head_layout(model: nn.Module, order: tuple[str, ...], input_shape: tuple[int, ...]) -> Layout:
    """One group per attention layer, in forward order, one unit per head; weights are scored, biases go along, and
    what a layer keeps per head beside its projections (Swin's position biases).

    Known are ``nn.MultiheadAttention`` and modules that hold a number of heads beside linear layers: query, key, value
    and output, or one for the first three. Which is which is not read from names but tried out: what a head's query,
    key and value rows hold must not matter once the output projection's columns of this head are zero, and must before.

    Args:
        order: names of the prunable weights in forward order.
        input_shape: of one image, ``(channels, height, width)``.
    """
    return remembered("head", model, order, input_shape, lambda: _found(model, order, input_shape))


def _found(model: nn.Module, order: tuple[str, ...], input_shape: tuple[int, ...]) -> Layout:
    attention = {name: module for name, module in model.named_modules() if heads(module)}
    if not attention:
        return Layout({}, dict.fromkeys(order, NONE))
    trial = Trial.of(model, input_shape)
    calls = trial.calls(lambda module: bool(heads(module)))
    groups: dict[str, Group] = {}
    skipped: dict[str, str] = {}
    kinds: dict[Any, int | None] = {}  # layers of one class and size lie alike
    for name in attention:
        module = trial.model.get_submodule(name)
        ways = list(_candidates(module)) if name in calls else []
        kind = (type(module), heads(module), tuple(p.shape for p in module.parameters()), len(ways))
        if kind not in kinds:
            sound = (n for n, way in enumerate(ways) if _sound(module, *way, heads(module), *calls[name][0]))
            kinds[kind] = next(sound, None)
        prefix = f"{name}." if name else ""
        if (place := kinds[kind]) is None:
            skipped.update({prefix + key: UNPROVED for key, _ in module.named_parameters()})
            continue
        rows, columns = ways[place]
        members = tuple(Member(prefix + m.parameter, m.unit, m.scored) for m in (*rows, columns))
        leads = min((m.parameter for m in members if m.scored and m.parameter in order), key=order.index)
        groups[leads] = Group((heads(module),), members, leads)
    held = {member.parameter for group in groups.values() for member in group.members}
    ordered = {name: groups[name] for name in order if name in groups}
    return Layout(ordered, {name: skipped.get(name, OUTSIDE) for name in order if name not in held})


def heads(module: nn.Module) -> int:
    """Number of heads of an attention layer; 0 for other modules."""
    held = isinstance(module, nn.MultiheadAttention) or any(isinstance(m, nn.Linear) for m in module.children())
    numbers = [getattr(module, name, 0) for name in COUNTS]
    kept = next((n for n in numbers if isinstance(n, int) and not isinstance(n, bool) and n > 0), 0)
    return (kept or _shared(module)) if held else 0


def _shared(module: nn.Module) -> int:
    """Number of sets of heads that share a key and a value (Ainslie et al. 2023, GQA), from the width of a head; each
    head is a set of its own where nothing is shared, or one layer makes queries, keys and values."""
    widths = [getattr(module, name, 0) for name in WIDTHS]
    width = next((w for w in widths if isinstance(w, int) and w > 0), 0)
    layers = [m for m in module.children() if isinstance(m, nn.Linear)]
    if not width or len(layers) not in (2, 4):
        return 0
    return min(m.in_features if len(layers) == 2 and m is layers[-1] else m.out_features for m in layers) // width


def _candidates(module: nn.Module) -> Iterator[tuple[list[Member], Member]]:
    """Ways in which heads may lie in a module's parameters: rows of query, key and value, columns of the output."""
    if isinstance(module, nn.MultiheadAttention):
        each = torch.arange(module.num_heads * module.head_dim) // module.head_dim
        rows = [("in_proj_weight", each.repeat(3)), ("in_proj_bias", each.repeat(3))]
        rows += [(f"{part}_proj_weight", each) for part in "qkv"] + [("bias_k", each), ("bias_v", each)]
        yield (
            [
                _member(module, n, u, -1 if n in ("bias_k", "bias_v") else 0)
                for n, u in rows
                if getattr(module, n, None) is not None
            ],
            _member(module, "out_proj.weight", each, 1),
        )
        return
    linear = {name: m for name, m in module.named_children() if isinstance(m, nn.Linear)}
    more = _beside(module, linear)
    for extra in (more, []) if more else ([],):
        yield from ((rows + extra, columns) for rows, columns in _projections(module, linear))


def _projections(module: nn.Module, linear: dict[str, nn.Linear]) -> Iterator[tuple[list[Member], Member]]:
    """Ways in which heads may lie in linear layers: three and one, or one for three and one."""
    count = heads(module)
    for out in reversed(linear):
        width, others = linear[out].in_features, {n: m for n, m in linear.items() if n != out}
        if width % count:
            continue
        each = torch.arange(width) // (width // count)
        columns = _member(module, f"{out}.weight", each, 1)
        if len(others) == 3 and all(m.out_features % count == 0 for m in others.values()):
            sizes = {name: m.out_features for name, m in others.items()}
            units = {name: torch.arange(size) // (size // count) for name, size in sizes.items()}
            yield [row for name in others for row in _rows(module, name, units[name])], columns
        elif len(others) == 1 and next(iter(others.values())).out_features == 3 * width:
            for unit in (each.repeat(3), torch.arange(3 * width) // (3 * width // count)):
                yield _rows(module, next(iter(others)), unit), columns


def _beside(module: nn.Module, linear: dict[str, nn.Linear]) -> list[Member]:
    """Other parameters that have one entry, row or column per head: position biases, scales."""
    found, count = [], heads(module)
    for name, p in module.named_parameters():
        dims = [dim for dim, size in enumerate(p.shape) if size == count]
        if name.partition(".")[0] not in linear and len(dims) == 1:
            found.append(_member(module, name, torch.arange(count), dims[0], scored=False))
    return found


def _rows(module: nn.Module, name: str, unit: Tensor) -> list[Member]:
    """A linear layer's rows and bias."""
    names = [f"{name}.weight", f"{name}.bias"]
    return [_member(module, n, unit, 0) for n in names if n in dict(module.named_parameters())]


def _member(module: nn.Module, name: str, unit: Tensor, dim: int, scored: bool = True) -> Member:
    parameter = module.get_parameter(name)
    shape = [1] * parameter.ndim
    shape[dim] = -1
    return Member(name, unit.view(shape), scored and "weight" in name)


def _sound(module: nn.Module, rows: list[Member], columns: Member, count: int, args: Any, kwargs: Any) -> bool:
    """Whether rows of heads matter, but no longer once these heads' output columns are zero.

    Heads are taken in sets, one for each binary digit of their numbers, so that any two can be distinguished.
    """
    parameters = {name: p.detach() for name, p in module.named_parameters()}
    generator = torch.Generator().manual_seed(2)

    def run(changed: dict[str, Tensor]) -> Tensor:
        with torch.no_grad():
            out = functional_call(module, {**parameters, **changed}, args, kwargs)
        return out[0] if isinstance(out, tuple) else out

    def chosen(member: Member, digit: int) -> Tensor:
        assert member.unit is not None
        return (member.unit + 1) >> digit & 1 == 1

    noise = {m.parameter: torch.randn(parameters[m.parameter].shape, generator=generator) for m in rows}
    dense, column = run({}), parameters[columns.parameter]
    near = 1e-5 * dense.abs().max()
    if (dense - run(noise)).abs().max() <= near:
        return False
    for digit in range(count.bit_length()):
        cut = {columns.parameter: torch.where(chosen(columns, digit), 0.0, column)}
        rest = {m.parameter: torch.where(chosen(m, digit), noise[m.parameter], parameters[m.parameter]) for m in rows}
        if (run(cut) - run(cut | rest)).abs().max() > near:
            return False
    return True
