"""Terms: what network pruning is not, each with a measured pair of networks, and the glossary."""

from __future__ import annotations

import streamlit as st

from pages.shared import address, jobs
from pages.shared.live import live
from pages.shared.plain import plain
from pages.shared.standing import standing, whole
from pruning.results.lessons.findings import findings
from pruning.results.lessons.quantities import QUANTITIES
from pruning.results.lessons.shape import SideBySide
from pruning.results.lessons.terms import Term, glossary, terms

TITLE, ICON, GROUP, PLACE = "Terms", ":material/dictionary:", "Learn", 125


def page() -> None:
    """The glossary with its search, then the terms that are mixed up."""
    st.session_state["charts"] = {}
    link = address.fresh("terms")
    if link:
        st.session_state["terms_search"] = link.get("term", "")[:60]
        address.changed("terms", [])
    st.header("What it is, and what it is not", anchor=False)
    words = st.text_input("Search the glossary", key="terms_search", icon=":material/search:")
    found = glossary(words)
    address.publish("terms", {"term": words} if words else {})
    if words:
        if not found:
            st.info("No term has all of these words. Try one of them alone.", icon=":material/search_off:")
        for term, sentence in found.items():
            st.markdown(f"**{plain(term)}**: {plain(sentence)}")
        return
    st.caption("Terms that are taken for pruning. Where this program can tell them apart by numbers, it measures.")
    for place, term in enumerate(terms().values()):
        with st.container(border=True, key=f"term_{place}"):
            st.markdown(f"**{term.name}**  \n{term.said} *{term.differs}*")
            if term.experiment is not None:
                busy = bool(standing([whole(term.experiment.study)]).running)
                live(lambda term=term, place=place: _pair(term, place), f"term_{place}_part", busy, page=False)
    with st.expander(f"All {len(found)} terms of the glossary"):
        st.markdown("\n".join(f"- **{plain(term)}**: {plain(sentence)}" for term, sentence in found.items()))


def _pair(term: Term, place: int) -> bool:
    """Both networks in a table, or the button that has them measured; returns whether they are under way."""
    experiment = term.experiment
    if not isinstance(experiment, SideBySide):
        return False
    wanted = whole(experiment.study)
    now = standing([wanted])
    if now.found.keys() >= set(wanted.keys):
        numbers = findings(experiment, [now.found[key].value for key in wanted.keys])
        head = "| | " + " | ".join(QUANTITIES[name].label for name in experiment.quantities) + " |"
        rows = [
            f"| {name} | " + " | ".join(QUANTITIES[one].words(value) for one, value in found.items()) + " |"
            for name, found in numbers.items()
        ]
        st.markdown("\n".join([head, "|---" * (len(experiment.quantities) + 1) + "|", *rows]))
        st.caption("Measured here; accuracy on 2,000 test images, one network each.")
        return False
    if now.running:
        jobs.progress(now.running, jobs.mean_share(now.running), "Measuring", f"term_{place}_cancel")
        return True
    for error in now.errors:
        st.info(plain(error), icon=":material/info:")
    if st.button("Measure", key=f"term_{place}_measure", icon=":material/play_arrow:"):
        jobs.start(lambda: jobs.begin_all(now.lacking))
    return False


if __name__ == "__main__":
    page()
