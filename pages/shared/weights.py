"""What a page says while it waits for weights that are not on this machine."""

from __future__ import annotations

import streamlit as st

from pages.shared.plain import plain
from pruning.zoo.kinds import models


def say_absent(model: str) -> None:
    """Say that published weights are fetched first: without a network it takes a while until that has failed."""
    entry = models[model]()
    path = None if entry.embedded else entry.weights_file(0, "dense")
    if path is not None and not path.exists():
        st.caption(
            plain(
                f"The weights of {entry.label} are not on this machine: they are downloaded first. Where there is no "
                f"network, put {path.name} from {entry.address()} into {path.parent}."
            )
        )
