"""Run a network from the middle: what lies before a change is not computed again.

The network's own forward runs, but the outputs of modules that were called before a *cut* are not made: the last one
is handed out from memory, the others are NaN. A cut counts as valid only if the network then answers bit for bit as it
does when all is computed, so that nothing behind it (a residual connection, say) can have read anything else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

Call = tuple[int, ...]
"""A call of a module within one pass: its place among the calls that its caller makes, after the caller's own name."""


class _Reached(Exception):
    """The call whose output was wanted has ended: the rest of the pass is not needed."""


class PartialForward:
    """A copy of a network in eval mode that starts at a given module.

    Args:
        model: is copied; no trace is left on it.
        trial: a few inputs on which cuts are tried, on the network's device.

    Attributes:
        model: the copy. Its weights may be changed in place, if they are put back before a cut is asked for.
    """

    def __init__(self, model: nn.Module, trial: Tensor) -> None:
        self.model = copy.deepcopy(model).eval()
        self._path: Call = ()
        self._made = [0]
        self._cut: Call | None = None
        self._held: Tensor | None = None
        self._count = 0
        self._nothing: dict[Call, Tensor | None] = {}
        self._wanted: Call | None = None
        self._caught: Tensor | None = None
        self._calls: list[tuple[Call, Tensor | None]] = []  # in the order in which they ended
        self._noting = True
        for module in self.model.modules():
            module.forward = partial(self._call, module.forward)
        self._trial, self._valid = trial, dict[Call, bool]()
        uses = _Uses(self._calls)
        with uses:
            self.run(trial)
        self._first_use, self._noting = uses.first, False
        self._right = self.run(trial)  # anew: while operations are noted, fused ones may take another way

    def run(self, x: Tensor, cut: Call | None = None, held: Tensor | None = None) -> Tensor:
        """The network's output.

        Args:
            x: its input; with a cut only its shape counts.
            held: the output of the call ``cut`` on this input; None without a cut.
        """
        self._path, self._made, self._caught = (), [0], None
        self._cut, self._held, self._nothing = cut, held, {}
        if cut is not None:
            self._nothing = self._before(cut)
            x = x.new_full(x.shape, torch.nan)
        self._count = len(x)
        with torch.inference_mode():
            return self.model(x)

    def output(self, wanted: Call, x: Tensor, cut: Call | None = None, held: Tensor | None = None) -> Tensor:
        """The output of the call ``wanted``, which lies behind the cut; what follows it is not computed."""
        self._wanted = wanted
        try:
            self.run(x, cut, held)
        except _Reached:
            pass
        finally:
            self._wanted = None
        assert self._caught is not None
        return self._caught

    def use(self, parameters: Iterable[Tensor]) -> int:
        """How many calls have ended when the first of these parameters of the copy is read."""
        return min((self._first_use.get(_storage(p), len(self._calls)) for p in parameters), default=len(self._calls))

    def cut(self, use: int) -> Call | None:
        """The last valid cut among the first ``use`` calls; None where the whole network must run."""
        for call, form in reversed(self._calls[:use]):
            if len(call) == 1 or form is None:
                continue  # the network itself, or an output that is no activation
            if call not in self._valid:
                self._valid[call] = self._try(call)
            if self._valid[call]:
                return call
        return None

    def _try(self, call: Call) -> bool:
        """Whether the network answers the same when it starts behind this call."""
        try:
            found = self.run(self._trial, call, self.output(call, self._trial))
        except Exception:  # whatever the network does with what is not there: then this is no place to start from
            return False
        return torch.equal(found, self._right)

    def _before(self, cut: Call) -> dict[Call, Tensor | None]:
        """The calls before the cut whose callers still run, with the form of what they give out."""
        made: dict[Call, Tensor | None] = {}
        for call, form in self._calls:
            depth = len(call) - 1
            if depth < len(cut) and call[:depth] == cut[:depth] and call[depth] < cut[depth]:
                made[call] = form
        return made

    def _call(self, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """In place of every module's own forward."""
        call = (*self._path, self._made[-1])
        self._made[-1] += 1
        if call == self._cut and self._held is not None:
            return self._held.clone()  # what follows may work in place
        if call in self._nothing:
            form = self._nothing[call]
            return None if form is None else form.new_full((self._count, *form.shape[1:]), torch.nan)
        self._path = call
        self._made.append(0)
        out = forward(*args, **kwargs)
        self._made.pop()
        self._path = call[:-1]
        if self._noting:
            self._calls.append((call, _form(out, len(self._trial))))
        if call == self._wanted and isinstance(out, Tensor):
            self._caught = out.clone()
            raise _Reached
        return out


def _form(out: object, count: int) -> Tensor | None:
    """Type and shape of an activation, without its numbers; None where it is none that a batch can be made of."""
    if not isinstance(out, Tensor) or not out.is_floating_point() or not out.ndim or len(out) != count:
        return None
    return out.new_zeros(()).expand(out.shape)


class _Uses(TorchDispatchMode):
    """Notes for every storage how many calls had ended when an operation first read it."""

    def __init__(self, ended: list[Any]) -> None:
        super().__init__()
        self.ended, self.first = ended, dict[int, int]()

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        values = [*args, *(kwargs or {}).values()]
        for value in [v for item in values for v in (item if isinstance(item, list | tuple) else [item])]:
            if isinstance(value, Tensor):
                self.first.setdefault(_storage(value), len(self.ended))
        return func(*args, **(kwargs or {}))


def _storage(tensor: Tensor) -> int:
    """What a tensor and all views of it have in common."""
    return tensor.untyped_storage()._cdata
