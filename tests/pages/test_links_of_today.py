"""Links of today open the same view: what an address chooses, the words that are written back, and what is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import streamlit
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.choices.compare import Wish
from pages.choices.curves import Curve, View
from pages.choices.quantization import Formats
from pages.choices.setting import METHOD, Setting
from pages.choices.training import Recovery, Ticket
from pages.choices.words import Words
from pages.compare import controls as compare
from pages.curves import state as curves
from pages.lottery import state as lottery
from pages.quantization import controls as quantization
from pages.recover import state as recover
from pages.shared import state
from pages.shared.fields import chosen
from pages.structure import work as structure
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.study.methods.strategies import STRATEGIES
from pruning.zoo.kinds import models

TODAY = json.loads(Path(__file__).with_name("links_of_today.json").read_text())
"""``first``: what a page shows without words. ``links``: what an address shows beside that, the words that are written
back, and what is said; what is known of a name is left out, since there will be more."""
LINKS = [(one["address"], one["shows"], one["words"], one["says"]) for one in TODAY["links"]]


class Browser(dict[str, str]):
    """The words of an address, as Streamlit keeps them."""

    def from_dict(self, words: dict[str, str]) -> None:
        self.clear()
        self.update(words)


def opened(address: str) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """A first visit: what the page's own file chose, the words it writes back, and the sentences it says."""
    page, _, text = address.partition("?")
    browser = Browser(parse_qsl(text, keep_blank_values=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamlit, "session_state", {})
        patch.setattr(streamlit, "query_params", browser)
        patch.setattr(lottery, "devices", lambda: {"cpu": "CPU"})
        found, changes = PAGES[page]()
    said = [re.sub(r" Known: .*", "", sentence) for sentence in changes]
    return json.loads(json.dumps(found)), dict(browser), said


def prune() -> tuple[dict[str, Any], list[str]]:
    setting, changes = state.current()
    state.publish(setting)
    return setting.model_dump(), changes


def on_structure() -> tuple[dict[str, Any], list[str]]:
    setting, changes = structure.first()
    state.publish(setting)
    return setting.model_dump(), changes


def on_recover() -> tuple[dict[str, Any], list[str]]:
    setting, changes = recover.current()
    recover.publish(setting)
    return setting.model_dump() | chosen(recover.PAGE, setting.model, Recovery.of(setting.model)).model_dump(), changes


def on_quantization() -> tuple[dict[str, Any], list[str]]:
    setting, changes = quantization.current()
    quantization.publish(setting)
    return setting.model_dump() | quantization.chosen().model_dump(), changes


def on_curves() -> tuple[dict[str, Any], list[str]]:
    view, changes = curves.current()
    curves.publish(view)
    return view.model_dump() | {"curves": [curve.model_dump(exclude_defaults=True) for curve in view.curves]}, changes


def on_lottery() -> tuple[dict[str, Any], list[str]]:
    changes = lottery.current(["lenet_300_100_sgd"])
    lottery.publish()
    usual = {"model": "lenet_300_100", "device": "cpu", "kept": lottery.OWN}
    found = {name: streamlit.session_state.get(f"lottery_{name}", value) for name, value in usual.items()}
    model = found["model"]
    return found | chosen(lottery.PAGE, model, Ticket.of(model)).model_dump(), changes


def on_compare() -> tuple[dict[str, Any], list[str]]:
    changes = compare.current()
    compare.publish(compare.chosen())
    return compare.chosen().model_dump(), changes


PAGES: dict[str, Callable[[], tuple[dict[str, Any], list[str]]]] = {
    "prune": prune,
    "layers": prune,
    "scorers": prune,
    "structure": on_structure,
    "recover": on_recover,
    "quantization": on_quantization,
    "curves": on_curves,
    "lottery": on_lottery,
    "compare": on_compare,
}


def then(page: str, shown: dict[str, Any]) -> dict[str, Any]:
    """What is shown, without choices that there were none of when the links were made: no link names them."""
    return {name: value for name, value in shown.items() if name in TODAY["first"][page]["shows"]}


@pytest.mark.parametrize("page", PAGES)
def test_a_first_visit_shows_what_it_shows_today(page: str) -> None:
    first = TODAY["first"][page]
    shown, words, says = opened(page)
    assert (then(page, shown), words, says) == (first["shows"], first["words"], [])


@pytest.mark.parametrize(("address", "shows", "words", "says"), LINKS)
def test_a_link_opens_what_it_opens_today(
    address: str, shows: dict[str, Any], words: dict[str, str], says: list[str]
) -> None:
    found, written, changes = opened(address)
    page = address.partition("?")[0]
    assert then(page, found) == TODAY["first"][page]["shows"] | shows
    assert written == words
    assert sorted(changes) == sorted(says)  # in whatever order


@pytest.mark.parametrize(("address", "words"), [(address, words) for address, _, words, _ in LINKS])
def test_what_is_written_back_opens_the_same_view_and_says_nothing(address: str, words: dict[str, str]) -> None:
    shown = opened(address)[0]
    assert opened(f"{address.partition('?')[0]}?{urlencode(words)}") == (shown, words, [])


KINDS: dict[str, tuple[type[Words], ...]] = {
    **dict.fromkeys(("prune", "layers", "scorers", "structure"), (Setting,)),
    "recover": (Setting, Recovery),
    "quantization": (Setting, Formats),
    "curves": (View,),
    "lottery": (Ticket,),
    "compare": (Wish,),
}
OTHERS = ["v", "model", "device", "shown", "shoe"]
NAMES = [*scorers.names(), *granularities.names(), *allocations.names(), *models.names()[:6], *STRATEGIES]
ALLOWED = st.sampled_from(sorted({text for _, _, words, _ in LINKS for text in words.values()}))
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(NAMES)
OPTIONS = [name for entries in METHOD.values() for entry in entries for name in entries[entry].model_fields]
KEYS = st.text(max_size=5) | st.sampled_from([*OPTIONS, *Curve.model_fields])
NESTED = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
WRONG = [
    "[" * 1200,
    "[" * 900 + "]" * 900,
    '{"a":' * 500,
    "9" * 5000,
    "nan",
    "inf",
    "-1",
    "1e400",
    "{",
    '["\\ud800"]',
    "x" * 999,
]
TEXTS = st.text(max_size=12) | st.sampled_from(NAMES + WRONG) | st.floats().map(str) | st.integers().map(str)


@st.composite
def links(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A page and any words: names of its fields and others, with texts of all kinds."""
    page = draw(st.sampled_from(sorted(PAGES)))
    names = st.sampled_from([*OTHERS, *(name for kind in KINDS[page] for name in kind.model_fields)])
    return page, draw(
        st.dictionaries(names | st.text(max_size=5), ALLOWED | TEXTS | NESTED.map(json.dumps), max_size=6)
    )


@settings(deadline=None)
@given(links())
def test_any_link_opens_a_view_that_its_own_words_open_again(link: tuple[str, dict[str, str]]) -> None:
    page, words = link
    shown, written, said = opened(f"{page}?{urlencode(words)}")
    assert all("x" * 81 not in one and "9" * 81 not in one and "[" * 81 not in one for one in said)
    assert opened(f"{page}?{urlencode(written)}") == (shown, written, [])


BY_HAND = '{"shares":{"conv1":"500"},"cap":"900"}'


def test_options_are_of_their_own_type_however_a_link_writes_them() -> None:
    words = {"model": "lenet_5", "allocation": "by_hand", "allocation_options": BY_HAND}
    shown, written, said = opened(f"prune?{urlencode(words)}")
    assert shown["allocation_options"] == {"shares": {"conv1": 500}, "cap": 900} and not said
    assert json.loads(written["allocation_options"]) == shown["allocation_options"]
    curve = {"allocation": "by_hand", "allocation_options": json.loads(BY_HAND)}
    shown, _, said = opened(f"curves?{urlencode({'curves': json.dumps([curve])})}")
    assert shown["curves"] == [curve | {"allocation_options": {"shares": {"conv1": 500}, "cap": 900}}] and not said


@pytest.mark.parametrize("text", ["{", "[" * 1200, "[" * 900 + "]" * 900, '{"samples":' + "9" * 5000 + "}", ""])
def test_options_that_are_no_json_are_said_so(text: str) -> None:
    _, _, said = opened(f"prune?{urlencode({'scorer_options': text})}")
    assert said == [
        f"The link's scorer_options '{text[:80]}' cannot be used, {{}} is shown instead. JSON was expected."
    ]


@pytest.mark.parametrize("page", PAGES)
def test_words_are_cut_in_every_sentence(page: str) -> None:
    long = "x" * 500
    words = {name: long for kind in KINDS[page] for name in kind.model_fields} | {"v": long, long: "1"}
    words["curves"] = json.dumps([{"scorer": long}, {long: 1}, {"scorer_options": {long: long}}])
    words["scorer_options"] = json.dumps({long: long})
    said = opened(f"{page}?{urlencode(words)}")[2]
    assert len(said) > 5 and not [one for one in said if "x" * 81 in one]
