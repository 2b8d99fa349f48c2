"""How a training computes: the advanced choices that Recover and Lottery ticket share."""

from __future__ import annotations

import streamlit as st

from pages.shared.fields import Fields
from pruning.zoo.kinds import models

CONVOLUTIONS = {"products": "as matrix products", "direct": "one by one"}
PRECISIONS = {"float32": "float32", "bfloat16": "bfloat16 in the layers, float32 elsewhere"}


def computing(fields: Fields, model: str, device: str) -> dict[str, str]:
    """Draw what there is to choose for a model and device; the fields of a training, those not offered as they are."""
    found = {name: str(fields.kept.get(name, getattr(fields.usual, name))) for name in ("convolution", "precision")}
    products = models[model].products
    rounded = device != "cpu" or found["precision"] != "float32"  # a link's choice is shown wherever it is opened
    if not (products or rounded):
        return found
    with st.expander("Advanced: how it computes"):
        if products:
            found["convolution"] = fields.choice(
                "Convolutions",
                "convolution",
                CONVOLUTIONS,
                help="The same sums in another order. As products of matrices, networks that train for the same "
                "experiment share each computation, which is faster; each one's numbers are bit for bit those it has "
                "alone. One by one is how PyTorch computes, and how results of earlier versions were made: the two "
                "ways differ in the last bits, and the more so the longer they train.",
            )
        if rounded:
            found["precision"] = fields.choice(
                "Precision",
                "precision",
                PRECISIONS,
                help="bfloat16 numbers have 8 significant bits in place of 24: graphics cards multiply them several "
                "times as fast, and processors often slower. Weights and the optimiser's steps stay float32. Networks "
                "in bfloat16 train one by one.",
            )
    return found
