"""The watch list: what operations should look at when the network goes out, to take home."""

from __future__ import annotations

import streamlit as st

from pages.choices.failures import STRONG, Suspicion, known_corruptions
from pages.choices.setting import Setting
from pages.failures.groups import properties
from pages.failures.weather import corrupted
from pages.failures.work import namer, offered, pair, title
from pages.shared.standing import standing, whole
from pruning.results.failures.candidates import Candidate, of_classes, of_confidence, of_corruptions, of_groups
from pruning.results.failures.groups import groupings
from pruning.results.failures.watch import NOTHING, watch_list
from pruning.zoo.kinds import corruptions


def panel(setting: Setting, chosen: Suspicion) -> bool:
    """At most seven lines, and their files."""
    now = pair(setting, chosen)
    about = {split: properties(setting, split) for split in ("validation", "test")}
    pending = now.pending or any(answer.pending for answer in about.values())
    if not now.complete:
        offered(setting, chosen, now)
        return pending
    studies = [chosen.weather(setting, small) for small in (False, True)]
    known = corrupted(setting, chosen, standing(map(whole, studies)).found, studies)
    sides: dict[str, list[Candidate]] = {}
    counts = []
    for split, answer in about.items():
        two = now.two(split)
        if two is None:
            return pending
        groups = groupings(answer.value) if answer.complete and answer.value else {}
        pairs = {
            corruptions[name].label.lower(): known[split, name, STRONG]
            for name in known_corruptions()
            if (split, name, STRONG) in known
        }
        counts.append(len(two[0]))
        sides[split] = [
            *of_classes(*two, namer(setting)),
            *of_groups(groups, *two),
            *of_corruptions(pairs, *two),
            *of_confidence(*two),
        ]
    found = watch_list(sides["validation"], sides["test"], counts=(counts[0], counts[1]))
    name = title(setting, chosen)
    st.subheader(f"Watch list for {name}" if found.lines else f"{NOTHING}: {name}", anchor=False)
    st.markdown("\n".join(f"{at}. {line.sentence()}" for at, line in enumerate(found.lines, 1)))
    more = "" if known else " Corruptions are not measured yet: see Robustness."
    st.caption(f"{found.scope()} {found.about()}{more}")
    row = st.container(horizontal=True)
    for kind, text, suffix in (("for a monitor", found.json(name), "json"), ("as text", found.text(name), "txt")):
        row.download_button(
            f"Download {kind}",
            text,
            f"watch-list.{suffix}",
            on_click="ignore",
            key=f"failures_watch_{suffix}",
            icon=":material/download:",
        )
    return pending
