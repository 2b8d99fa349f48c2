"""What fewer bits do: the finding, one layer's levels beside its pruning, and the error of each layer."""

from __future__ import annotations

import streamlit as st

from pages.choices.quantization import Formats
from pages.choices.setting import Setting
from pages.quantization.words import ONLY, SIZE_ONLY, finding
from pages.quantization.work import answers, layer_of
from pages.shared.offers import TITLE
from pages.shared.plain import plain
from pages.shared.show import show
from pages.shared.state import place, widget
from pruning.results.charts.level_histogram import level_histogram
from pruning.results.charts.rounding_errors import rounding_errors
from pruning.results.charts.weight_histogram import weight_histogram
from pruning.results.charts.words import tip
from pruning.results.frames import bins_frame
from pruning.results.quantization import bytes_sentence, layers_frame, level_frames
from pruning.results.sentences import amount, difference, interval


def numbers(setting: Setting, formats: Formats) -> bool:
    """The headline and what it is made of; returns whether something is under way."""
    found = answers(setting, formats)
    value = found.errors.value if not found.errors.pending else None
    accuracy = found.accuracy.value
    st.header(finding(setting, formats, accuracy, value), anchor=False)
    if found.errors.error:
        st.info(plain(found.errors.error), icon=":material/info:")
        return False
    if value is None:
        st.caption("Rounding the weights …")
        return found.pending
    with st.container(horizontal=True, gap="medium"):
        smaller = f"{value['float32'] / value['bytes']:.1f} times smaller than {amount(value['float32'])}"
        st.metric("Packed file (safetensors)", amount(value["bytes"]), smaller, delta_color="off", delta_arrow="off")
        if accuracy is not None and "correct" in accuracy:
            st.metric(
                f"Accuracy, {accuracy['count']:,} test images",
                interval(accuracy),
                f"{difference(accuracy)} against dense",
                delta_color="off",
                delta_arrow="off",
                help=tip("Wilson interval"),
            )
        elif found.accuracy.error:
            st.caption(found.accuracy.error)
        st.metric("Speed", SIZE_ONLY, "see ONNX Runtime below", delta_color="off", delta_arrow="off", help=ONLY)
    st.caption(bytes_sentence(value))
    return found.pending


def layer_choice(setting: Setting, formats: Formats) -> Setting:
    """The layer to look into, once the layers are known."""
    value = answers(setting, formats).errors.value
    if value is None or "layers" not in value:
        return setting
    names = [layer["name"] for layer in value["layers"]]
    key = widget("layer", layer_of(setting, names))
    if st.session_state[key] not in names:
        st.session_state[key] = layer_of(setting, names)
    layer = str(st.selectbox("Layer", names, place("layer", names), key=key))
    return setting.model_copy(update={"layer": layer})


def charts(setting: Setting, formats: Formats) -> bool:
    """One layer rounded and pruned, side by side, then all layers; returns whether something is under way."""
    found = answers(setting, formats)
    value = found.errors.value
    if value is None or found.errors.pending:
        return found.pending
    left, right = st.columns(2, gap="medium")
    with left:
        if (look := found.layer.value) is not None and "edges" in look:
            bins, levels = level_frames(look)
            show(level_histogram(bins, levels, look["layer"], look["bits"], look["scale"]), "levels", width=470)
            if look["scale"]:
                low, middle, high = look["scale"]
                st.caption(
                    f"Each channel has its own scale, so weights are shown in steps of it: {middle:.3g} a step in the "
                    f"median channel, {low:.3g} to {high:.3g} in others."
                    + (f" {look['masked']:,} pruned weights are left out." if look["masked"] else "")
                )
        elif found.layer.error:
            st.info(plain(found.layer.error))
    with right:
        if (pruned := found.pruned.value) is not None and "edges" in pruned:
            magnitude = setting.scorer == "magnitude_l1"
            chart = weight_histogram(bins_frame(pruned), pruned["layer"], pruned["threshold"], magnitude)
            show(chart, "quantization_pruned", width=470)
            st.caption(f"The same layer when {setting.level_words} of the network is pruned instead.")
    show(rounding_errors(layers_frame(value), setting.layer), "errors", width=TITLE)
    st.caption(
        f"Norm of the error over the norm of what it is an error of. Outputs on {value['samples']} training images, "
        "each layer alone, on the inputs it has in the network before rounding."
    )
    return found.pending
