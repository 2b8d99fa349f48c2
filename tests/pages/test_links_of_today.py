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

from pages.choices.training import Recovery, Ticket
from pages.compare import controls as compare
from pages.curves import state as curves
from pages.lottery import state as lottery
from pages.quantization import controls as quantization
from pages.recover import state as recover
from pages.shared import state
from pages.shared.fields import chosen
from pages.structure import work as structure

TODAY = json.loads(Path(__file__).with_name("links_of_today.json").read_text())
"""``first``: what a page shows without words. ``links``: what an address shows beside that, the words that are written
back, and what is said; what is known of a name is left out, since there will be more."""
LINKS = [(one["address"], one["shows"], one["words"], one["says"]) for one in TODAY["links"]]


class Browser(dict[str, str]):
    """The words of an address, as Streamlit keeps them."""

    def from_dict(self, words: dict[str, str]) -> None:
        self.clear()
        self.update(words)


def opened(address: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """A first visit: what the page's own file chose, the words it writes back, and the sentences it says."""
    page, _, text = address.partition("?")
    browser = Browser(parse_qsl(text, keep_blank_values=True))
    monkeypatch.setattr(streamlit, "session_state", {})
    monkeypatch.setattr(streamlit, "query_params", browser)
    monkeypatch.setattr(lottery, "devices", lambda: {"cpu": "CPU"})
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
    session = streamlit.session_state
    found = {name: session.get(f"lottery_{name}") for name in ("model", "device", "kept")}
    model = found["model"] or "lenet_300_100"
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


@pytest.mark.parametrize("page", PAGES)
def test_a_first_visit_shows_what_it_shows_today(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = TODAY["first"][page]
    assert opened(page, monkeypatch) == (first["shows"], first["words"], [])


@pytest.mark.parametrize(("address", "shows", "words", "says"), LINKS)
def test_a_link_opens_what_it_opens_today(
    address: str, shows: dict[str, Any], words: dict[str, str], says: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, written, changes = opened(address, monkeypatch)
    assert found == TODAY["first"][address.partition("?")[0]]["shows"] | shows
    assert written == words
    assert sorted(changes) == sorted(says)  # in whatever order


@pytest.mark.parametrize(("address", "words"), [(address, words) for address, _, words, _ in LINKS])
def test_what_is_written_back_opens_the_same_view_and_says_nothing(
    address: str, words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = address.partition("?")[0]
    shown = opened(address, monkeypatch)[0]
    again = opened(f"{page}?{urlencode(words)}", monkeypatch)
    assert again == (shown, words, [])
