"""Who a person is, and who is an operator."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
import streamlit as st

from pages.runs.owners import whose
from pages.shared import persons
from pages.shared.server import owner, person, store
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base

ISSUER = "https://id.example.org"


def sign_in(patch: pytest.MonkeyPatch, **claims: object) -> None:
    patch.setattr(st, "user", SimpleNamespace(**{"is_logged_in": True, "iss": ISSUER, "sub": "1"} | claims))


def test_a_person_is_an_issuer_and_a_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch, email="ada@example.org")
    first = persons.who()
    sign_in(monkeypatch, sub="2", email="ada@example.org")
    second = persons.who()
    sign_in(monkeypatch, email="new.name@example.org")
    assert first == persons.who() == person() == f"{ISSUER} 1" and second == f"{ISSUER} 2"


@pytest.mark.parametrize("claims", [{"sub": None}, {"iss": ""}, {"sub": "1 2"}])
def test_who_is_not_known_is_nobody(monkeypatch: pytest.MonkeyPatch, claims: dict[str, object]) -> None:
    sign_in(monkeypatch, **claims)
    assert persons.who() == ""


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_counts_only_where_it_was_verified(monkeypatch: pytest.MonkeyPatch, verified: object) -> None:
    sign_in(monkeypatch, email="ada@example.org", email_verified=verified)
    assert persons.address() == ""
    sign_in(monkeypatch, email="ada@example.org", email_verified=True)
    assert persons.address() == "ada@example.org"


def test_runs_of_an_address_are_claimed_at_the_first_visit(server: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.shared.server import claim

    study = Study(base=Base(model="lenet_300_100"), recipe=(), measures=(MeasureSpec(name="size"),))
    about = {"name": "hers", "kept": True, "seconds": 0.0, "summary": {}}
    run = store().keep_run(study.model_dump_json(), owner="claim@example.org", **about)  # ty: ignore
    st.session_state.pop("claimed", None)
    sign_in(monkeypatch, sub="7", email="claim@example.org", email_verified=False)
    claim()
    assert store().run(run).owner == "claim@example.org"
    sign_in(monkeypatch, sub="8", email="claim@example.org", email_verified=True)
    claim()
    assert store().run(run).owner == owner() == f"{ISSUER} 8"
    st.session_state.pop("claimed", None)
    store().delete_run(run, owner())


def test_a_table_names_no_subjects() -> None:
    said = whose(pd.Series([f"{ISSUER} 1", f"{ISSUER} 2", "local", "a@b.org"]), f"{ISSUER} 1")
    assert list(said) == ["you", "another person", "local", "a@b.org"]
    assert list(whose(pd.Series(["local"]), "local")) == ["local"]


def test_an_operator_is_named_by_issuer_and_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    named = (f"{ISSUER} 1",)
    sign_in(monkeypatch)
    assert persons.operator(named)
    for claims in ({"sub": "2"}, {"iss": "https://other.org"}, {"is_logged_in": False}, {"sub": "", "iss": ""}):
        sign_in(monkeypatch, **claims)
        assert not persons.operator(named) and not persons.operator(("",))


LOCAL = {"Host": "127.0.0.1:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize(
    ("ip", "headers", "served", "there"),
    [
        (None, LOCAL, "127.0.0.1", True),
        ("::1", LOCAL | {"Host": "[::1]:8501"}, "::1", True),
        ("127.0.0.1", {}, "localhost", True),
        ("192.168.1.7", LOCAL, "127.0.0.1", False),
        (None, LOCAL, "0.0.0.0", False),
        (None, LOCAL, "", False),
        (None, LOCAL | {"Host": "pruning.example.org"}, "127.0.0.1", False),
        (None, LOCAL | {"Origin": "https://pruning.example.org"}, "127.0.0.1", False),
        (None, LOCAL | {"X-Forwarded-For": "1.2.3.4"}, "127.0.0.1", False),
    ],
)
def test_whoever_sits_at_the_machine_is_an_operator(
    ip: str | None, headers: dict[str, str], served: str, there: bool
) -> None:
    assert persons.at_the_machine(ip, headers, served) is there
