"""The controls of the page Compare, and their words in the address: what is compared, and what a person needs."""

from __future__ import annotations

import streamlit as st

from pages.choices.compare import Wish
from pages.choices.words import refused
from pages.shared import address, fields
from pages.shared.fields import Fields
from pruning.results.charts.words import tip
from pruning.study.methods.approaches import has_relatives
from pruning.zoo.kinds import Model
from pruning.zoo.kinds import models as model_registry

PAGE, EVERY = "compare", ""
"""Choices are the same whatever the model is: the model is one of them."""
AIMS = {"smallest": "the smallest file", "fastest": "the shortest pass", "accurate": "the highest accuracy"}
AXES = {"bytes": "bytes of the file", "macs": "MACs", "ms_1": "time of 1 image", "ms_16": "time of 16 images"}
UPWARD = {"accuracy": "accuracy of all classes", "lowest": "recall of the worst class"}
SELECTED = "compare_selected"


def models() -> list[str]:
    """Models whose trained weights and pictures are here: those that come along, and people's own that have data."""
    return [name for name in model_registry.names() if _comparable(model_registry[name])]


def _comparable(entry: type[Model]) -> bool:
    own = entry.name.startswith("own:") and entry.data is not None and entry.task == "image_classification"
    return entry.embedded or own


def current() -> list[str]:
    """Read an address that this session did not write itself; what of it had to be changed, each in a sentence."""
    if not (found := address.fresh(PAGE)):
        return address.changes(PAGE)
    changes = Wish.strangers(found)
    for name, known in (("model", models()), ("family", ["", *models()])):
        if found.get(name, known[0]) not in known:
            said = f"known are {', '.join(filter(None, known))}"
            changes.append(refused(name, found.pop(name), f"cannot be compared here; {said}."))
    changes += fields.read(PAGE, EVERY, Wish(), found)
    st.session_state[SELECTED] = fields.chosen(PAGE, EVERY, Wish()).way
    return address.changed(PAGE, changes)


def chosen() -> Wish:
    """What is chosen."""
    return fields.chosen(PAGE, EVERY, Wish()).model_copy(update={"way": st.session_state.get(SELECTED, "")})


def publish(wish: Wish) -> None:
    """Write it into the address of the browser."""
    address.publish(PAGE, wish.query())


def controls() -> Wish:
    """Draw all controls in the sidebar; returns what is chosen now."""
    own, before = Fields(PAGE, EVERY, Wish()), chosen()
    with st.sidebar:
        own.slider("Accuracy that may be lost (points)", "most_points", 0.0, 10.0, 0.1)
        own.choice("Optimise for", "aim", AIMS)
        own.choice("Accuracy against", "axis", AXES)
        names = {name: model_registry[name].label for name in models()}
        own.choice("Model", "model", names, help=tip("model"))
        own.choice("Upward", "upward", UPWARD)
        with st.expander("More limits", expanded=bool(before.most_kb or before.most_ms or before.most_class)):
            own.number("Points lost by any class at most (0: any)", "most_class")
            own.number("File size limit (kB; 0: none)", "most_kb")
            own.number("Latency limit (ms an image; 0: none)", "most_ms")
        with st.expander("Training and your own student"):
            _training(own, chosen().model, names)
    return chosen()


def _training(own: Fields, model: str, names: dict[str, str]) -> None:
    """Everybody's budget, the teacher's part, and a student of one's own."""
    own.number(f"Training steps (0: the default, {Wish(model=model).fine.steps:,})", "steps")
    own.number("Seed", "seed", help=tip("seed"))
    own.slider("Temperature of distillation", "temperature", 0.5, 20.0, 0.5, help=tip("distillation"))
    own.slider("Share of the teacher in the loss", "mixing", 0.0, 1.0, 0.05)
    if not has_relatives(model):
        st.caption("Students are left out: no smaller network of this architecture can be built here.")
        return
    own.choice("Your student's architecture", "family", {"": "the model's own", **names})
    own.slider("Its width (%)", "width", 5, 100, 5)
    own.slider("Its depth (%)", "depth", 10, 100, 1)
    st.caption("Other values than the stored ones are trained here when you ask for them.")
