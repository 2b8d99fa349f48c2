"""The controls of the page Compare, and their words in the address: what is compared, and what a person needs."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.state import PREFIX, first, place, widget
from pruning import registry
from pruning.charts.words import tip
from pruning.choices import read_choices
from pruning.choosing import Wish

PAGE, VERSION = "compare", "1"
AIMS = {"smallest": "the smallest file", "fastest": "the shortest pass", "accurate": "the highest accuracy"}
AXES = {"bytes": "bytes of the file", "macs": "MACs", "ms_1": "time of 1 image", "ms_16": "time of 16 images"}
KEY, SELECTED = "compare_", "compare_selected"


def models() -> list[str]:
    """Models whose trained weights are here, with their defaults of training."""
    return [name for name in registry.models.names() if registry.models[name].embedded]


def current() -> list[str]:
    """Read an address that this session did not write itself; what of it had to be changed, each in a sentence."""
    words = {name: str(value) for name, value in st.query_params.items()}
    if not words or words in (st.session_state.get("words"), st.session_state.get("compare_words")):
        return st.session_state.get("compare_changes", [])
    unknown = [name for name in words if name not in ("v", *Wish.model_fields)]
    changes = [f"The link's '{name[:80]}' is not known on this page and was left out." for name in unknown]
    if words.get("v", VERSION) != VERSION:
        changes.append(f"The link has schema version {words['v'][:80]}; this page reads version {VERSION}.")
    for name, known in (("model", models()), ("family", ["", *models()])):
        if words.get(name, known[0]) not in known:
            changes.append(f"The link's {name} '{words.pop(name)[:80]}' cannot be compared here; {_known(known)}.")
    asked = {name: text for name, text in words.items() if name in Wish.model_fields}
    wish, more = read_choices(asked, Wish())
    _put(wish)
    st.session_state["compare_changes"] = changes + more
    st.session_state.pop("compare_words", None)
    return changes + more


def _known(names: list[str]) -> str:
    return f"known are {', '.join(name for name in names if name)}"


def _put(wish: Wish) -> None:
    """Make it what the widgets show when they are drawn next."""
    st.session_state["compare_wish"], st.session_state[SELECTED] = wish, wish.way
    for key in [str(key) for key in st.session_state if str(key).startswith(PREFIX + KEY)]:
        st.session_state.pop(key, None)


def publish(wish: Wish) -> None:
    """Write it into the address of the browser."""
    words = {"v": VERSION} | wish.words()
    if st.session_state.get("compare_words", words) != words:
        st.session_state["compare_changes"] = []  # the person went on: what the link said is history
    st.session_state["compare_wish"] = wish
    if dict(st.query_params) != words:
        st.query_params.from_dict(words)
    st.session_state["compare_words"] = words


def controls() -> Wish:
    """Draw all controls in the sidebar; returns what is chosen now."""
    kept: Wish = st.session_state.get("compare_wish", Wish())
    with st.sidebar:
        points = _slider("Accuracy that may be lost (points)", "most_points", kept, 0.0, 10.0, 0.1)
        aim = _select("Wanted within it", "aim", kept, AIMS)
        axis = _select("Accuracy against", "axis", kept, AXES)
        names = {name: registry.models[name].label for name in models()}
        model = _select("Model", "model", kept, names, tip("model"))
        with st.expander("More limits", expanded=bool(kept.most_kb or kept.most_ms)):
            most_kb = _number("File at most (kB; 0: any)", "most_kb", kept)
            most_ms = _number("Pass of one image at most (ms; 0: any)", "most_ms", kept)
        changed = kept.model_copy(update={"model": model})
        chosen: dict[str, Any] = {"model": model, "aim": aim, "axis": axis, "most_points": points,
                                  "most_kb": most_kb, "most_ms": most_ms}  # fmt: skip
        with st.expander("Training and your own student"):
            chosen |= _training(changed, names)
    return Wish.model_validate(chosen | {"way": st.session_state.get(SELECTED, "")})


def _training(kept: Wish, names: dict[str, str]) -> dict[str, Any]:
    """Everybody's budget, the teacher's part, and a student of one's own."""
    usual = Wish(model=kept.model).fine.steps
    steps = _number(f"Training steps of everyone (0: {usual:,})", "steps", kept)
    seed = _number("Seed", "seed", kept, tip("seed"))
    temperature = _slider("Temperature of distillation", "temperature", kept, 0.5, 20.0, 0.5, tip("distillation"))
    mixing = _slider("Share of the teacher in the loss", "mixing", kept, 0.0, 1.0, 0.05)
    families = {"": "the model's own", **names}
    family = _select("Your student's architecture", "family", kept, families)
    width = _slider("Its width (%)", "width", kept, 5, 100, 5)
    depth = _slider("Its depth (%)", "depth", kept, 10, 100, 1)
    st.caption("Other values than the stored ones are trained here when you ask for them.")
    return {"steps": steps, "seed": seed, "temperature": temperature, "mixing": mixing, "family": family,
            "width": width, "depth": depth}  # fmt: skip


def _key(name: str, kept: Wish) -> str:
    return widget(KEY + name, getattr(kept, name))


def _slider(label: str, name: str, kept: Wish, low: float, high: float, step: float, said: str = "") -> Any:
    key = _key(name, kept)
    start = min(high, max(low, first(KEY + name)))
    st.session_state[key] = min(high, max(low, st.session_state[key]))
    return st.slider(label, low, high, start, step, key=key, help=said or None)


def _number(label: str, name: str, kept: Wish, said: str = "") -> Any:
    key, kind = _key(name, kept), type(getattr(kept, name))
    most = next(end.le for end in Wish.model_fields[name].metadata if hasattr(end, "le"))
    return kind(st.number_input(label, kind(0), kind(most), kind(first(KEY + name)), key=key, help=said or None))


def _select(label: str, name: str, kept: Wish, words: dict[str, str], said: str = "") -> str:
    key, names = _key(name, kept), list(words)
    index = place(KEY + name, names)
    return str(st.selectbox(label, names, index, key=key, format_func=words.__getitem__, help=said or None))
