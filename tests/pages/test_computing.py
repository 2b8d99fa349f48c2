"""How a training computes, on Recover and Lottery ticket: offered where there is a choice, and part of the recipe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.choices.training import Recovery, Ticket
from tests.pages.look import settled, turn_to

Visit = Callable[..., AppTest]


@pytest.mark.parametrize("page", ["recover", "lottery"])
def test_convolutions_are_products_until_something_else_is_chosen(page: str, visit: Visit) -> None:
    shown = visit(v="1", model="lenet_5")
    shown = settled(turn_to(shown, page).run())
    if page == "lottery":
        shown = settled(shown.selectbox(key="w_lottery_model").set_value("lenet_5").run())
    box = shown.selectbox(key=f"w_{page}_lenet_5_convolution")
    assert box.value == "products" and "bit for bit" in box.help
    assert not [one for one in shown.selectbox if str(one.key).endswith("_precision")]  # processors gain nothing by it
    box.set_value("direct")
    shown = settled(shown.run())
    assert not shown.exception and shown.session_state["training_kept"][f"{page}_lenet_5_"]["convolution"] == "direct"


def test_a_model_without_such_convolutions_has_no_choice(visit: Visit) -> None:
    page = settled(turn_to(visit(v="1", model="lenet_300_100"), "recover").run())
    assert not [one for one in page.selectbox if str(one.key).endswith(("_convolution", "_precision"))]


def test_a_link_s_choice_is_shown(visit: Visit) -> None:
    page = visit(v="1", model="lenet_5")
    page = settled(turn_to(page, "recover").run())
    page.session_state["training_kept"]["recover_lenet_5_"]["precision"] = "bfloat16"
    page = settled(page.run())
    assert page.selectbox(key="w_recover_lenet_5_precision").value == "bfloat16"


def test_words_of_an_address_tell_them() -> None:
    for kind in (Recovery, Ticket):
        usual = kind.of("lenet_5")
        assert (usual.convolution, usual.precision) == ("products", "float32")
        assert kind.of("resnet_20").convolution == kind.of("lenet_300_100").convolution == "direct"
        other = usual.model_copy(update={"convolution": "direct", "precision": "bfloat16"})
        assert other.words("lenet_5") == {"convolution": "direct", "precision": "bfloat16"}
