"""Student: a smaller network with fresh weights takes the trained one's place; that stays its teacher."""

from __future__ import annotations

from pruning import registry
from pruning.entries import Progress, Shelf
from pruning.errors import Incompatible
from pruning.passes import forward_order
from pruning.specs import Student
from pruning.state import Architecture, State, lay_out
from pruning.zoo.checkpoints import initial


def apply(step: Student, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state with the untrained student: no masks, no formats; its start is still the trained network, by which
    ``Train(teacher="dense")`` distils (Hinton et al. 2015).

    Raises:
        Incompatible: the family has no relative of this size, or takes other images or classes than the teacher.
    """
    family = step.family or state.base.model
    one, other = registry.models[state.base.model], registry.models[family]
    if (one.input_shape, one.classes) != (other.input_shape, other.classes):
        raise Incompatible(
            f"A student of {one.label} takes images of {'x'.join(map(str, one.input_shape))} and knows {one.classes} "
            f"classes; {other.label} does not: choose another family."
        )
    model = initial(family, step.seed, (step.width, step.depth)).to(next(state.model.parameters()).device).eval()
    lay_out(model)
    order, architecture = forward_order(model, one.input_shape), Architecture(family, step.width, step.depth)
    return State(state.base, key, model, order, parent=state, trace=state.trace, architecture=architecture)
