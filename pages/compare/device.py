"""On a person's own device: a kit of chosen networks to take there, and the times that came back, beside those here."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from pages.choices.compare import Wish
from pages.compare.tasks import estimate, tasks
from pages.shared.device_kit import KitPart, onnx, zipped
from pages.shared.jobs import begin_all, mean_share, progress
from pages.shared.offers import button
from pages.shared.plain import plain
from pages.shared.standing import standing, whole
from pages.shared.uploads import OFF, allowed
from pruning.common.errors import BadValue
from pruning.common.hashing import digest
from pruning.results.device.times import beside, read_times
from pruning.study.study import Network, Study
from pruning.zoo.kinds import models

DENSE = "dense"


def key_of(wish: Wish) -> str:
    """By which times are known to be of this comparison's networks."""
    return digest("device kit", wish.plan.model_dump_json())


def wanted(wish: Wish, names: list[str], table: pd.DataFrame) -> list[KitPart]:
    """The networks of a kit, the dense one first, with what was measured of them on test images."""
    every, rows = tasks(wish.plan), table.set_index("name")
    found = []
    for name in dict.fromkeys((DENSE, *names)):
        task, row = every[name], rows.loc[name]
        network = Network(base=task.study.base, recipe=task.approach.recipe)
        study = Study(networks=(network,), measures=(onnx("int8" if task.approach.int8 else "float32"),))
        measured = {"accuracy": round(float(row["accuracy"]), 6), "split": "test", "images": int(row["count"])}
        found.append(KitPart(name, str(row["label"]), study, task.study.base.input_shape, {"measured": measured}))
    return found


def own_device(wish: Wish, table: pd.DataFrame, best: str) -> bool:
    """Choose, make, take home; and read back. Returns whether files are being made."""
    st.subheader("On your own device", anchor=False)
    labels = dict(zip(table["name"], table["label"], strict=True))
    names = [name for name in labels if name != DENSE]
    chosen = st.multiselect(
        "Networks in the kit, beside the dense one",
        names,
        [best] if best in names else names[:1],
        format_func=labels.__getitem__,
        key=f"compare_kit_{wish.model}",
        help="ONNX files and a short script that times them where they will run, with onnxruntime alone.",
    )
    busy = _take(wish, wanted(wish, chosen, table), table)
    _back(wish, table)
    return busy


def _take(wish: Wish, networks: list[KitPart], table: pd.DataFrame) -> bool:
    """The download; what must be trained for it is asked for first, as that takes longer than a download waits."""
    now = standing(whole(one.study) for one in networks)
    if now.running:
        progress(now.running, mean_share(now.running), "Making the networks", "compare_kit_cancel")
        return True
    done = {view.study.key for view in now.jobs if view.state == "done" and view.study is not None}
    every = tasks(wish.plan)
    trained = [one for one in networks if every[one.name].approach.trains and one.study.key not in done]
    for error in now.errors:
        st.warning(plain(error), icon=":material/error:")
    if trained:
        button(
            f"Train {len(trained)} network{'s' if len(trained) > 1 else ''} for the kit",
            partial(begin_all, [one.study for one in trained]),
            "compare_kit_make",
            estimate([every[one.name] for one in trained], wish.plan),
            icon=":material/deployed_code:",
        )
        return False
    title = f"{models[wish.model].label}, {len(networks)} networks"
    st.download_button(
        "Device kit (zip)",
        partial(zipped, key_of(wish), title, networks),
        f"{wish.model}-device-kit.zip",
        "application/zip",
        on_click="ignore",
        key="compare_kit",
        icon=":material/download:",
    )
    return False


def _back(wish: Wish, table: pd.DataFrame) -> None:
    """Times from elsewhere."""
    if not allowed():
        st.caption(plain(OFF))
        return
    files = st.file_uploader(
        "Times that a kit wrote (times.csv)", "csv", accept_multiple_files=True, key="compare_times"
    )
    found = []
    for file in files or ():
        try:
            found.append(read_times(file.getvalue(), file.name))
        except BadValue as error:
            st.warning(plain(str(error)), icon=":material/error:")
    if found:
        shown(wish, table, pd.concat(found, ignore_index=True))


def shown(wish: Wish, table: pd.DataFrame, times: pd.DataFrame) -> None:
    """Each device's times in rows of their own, and this machine's in a column of their own."""
    here = {
        (str(row["name"]), batch): float(row[f"ms_{batch}"]) for row in table.to_dict("records") for batch in (1, 16)
    }
    st.dataframe(beside(times, key_of(wish), here), hide_index=True, placeholder="–", key="compare_device_times")
    st.caption(
        "There: medians and quartiles in ONNX Runtime on the device that the file names, by turns with the dense "
        "network there. This machine's times were taken in other runs; the two are never put into one number."
    )
