"""Opening a link starts nothing that takes minutes: a button does, and the work goes to the background."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import jobs
from pages.shared.server import engine, owner
from pruning.common.errors import Incompatible
from tests.pages.look import texts

HEAVY = {"scorer": "obd", "scorer_options": '{"samples":50000,"probes":1000}', "sparsity": "50", "v": "1"}


@pytest.mark.parametrize("model", ["vit_small", "resnet_20"])
def test_a_heavy_link_asks_first(visit: Callable[..., AppTest], model: str) -> None:
    page = visit(model=model, **HEAVY)
    assert not page.exception and not engine().views()
    assert "does not start by itself" in texts(page)
    (button,) = [one for one in page.button if one.key == "costly_start"]
    assert button.label.startswith("Compute it in the background (about ")


def test_what_is_more_than_a_person_may_ask_for_is_refused_by_the_button(
    visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(model="vit_small", **HEAVY)
    monkeypatch.setattr(jobs, "operator", lambda: False)
    page.button(key="costly_start").click().run()
    assert "hours waiting. Ask for less" in page.error[0].value and not engine().views()


def test_the_button_starts_a_job_in_the_background_that_can_be_left(
    visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(model="resnet_20", **HEAVY)
    monkeypatch.setattr(jobs, "operator", lambda: True)
    page.button(key="costly_start").click().run()
    (view,) = [view for view in engine().views() if view.durable]
    assert engine().cancel(view.id, owner(), operator=True) and not page.exception


def test_an_operator_is_not_limited_and_others_are(server: object) -> None:
    from pages.choices.setting import Setting
    from pages.shared.answers import PROFILE

    study = Setting(model="vit_small", scorer="obd", scorer_options={"samples": 50_000, "probes": 1000}).study(PROFILE)
    with pytest.raises(Incompatible, match="one person"):
        engine().submit(study, owner="eve", durable=True, limited=True)
    assert not engine().views("eve")
