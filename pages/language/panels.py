"""What the page Language shows: the curve, two texts that grow, tokens that suffer, what perplexity hides."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from pages.choices.language import SOLVERS, STOPS, Reading
from pages.language.controls import LABELS
from pages.shared.answers import Answer, ask
from pages.shared.plain import plain
from pages.shared.show import show
from pages.shared.standing import standing, whole
from pruning.results.charts.perplexity_curve import perplexity_curve
from pruning.results.language import beside, curve, headline, hidden

Found = dict[tuple[str, int], dict[str, Any]]


def stored(reading: Reading) -> Found:
    """What is known of all curves, by criterion and level; nothing is computed for it."""
    wanted = {scorer: whole(reading.curve(scorer)) for scorer in SOLVERS}
    now = standing(wanted.values())
    return {
        (scorer, level): now.found[key].value
        for scorer, one in wanted.items()
        for level, key in zip(STOPS, one.keys, strict=True)
        if key in now.found
    }


def first_view(reading: Reading) -> None:
    """Headline and curve, from stored numbers."""
    found = stored(reading)
    frame = curve(found)
    st.header(headline(frame, reading.level, reading.scorer, LABELS), anchor=False)
    if frame.empty:
        st.info("No numbers of this network are stored yet: run 'python assets/language.py --models lm:smollm2'.")
        return
    st.caption(
        f"{beside(frame, reading.level, LABELS)} Stored with the program: {int(frame['tokens'].iloc[0]):,} scored "
        "tokens of Persuasion, which the embedded network has not read, windows of 256; bars: 95 % over windows."
    )
    show(perplexity_curve(frame, reading.level, LABELS), "perplexity", width=420)


def answers(reading: Reading) -> tuple[Answer, Answer]:
    """The two texts: dense, and pruned."""
    dense = ask(reading.writing(0), "language_dense")
    if not reading.level:
        return dense, dense
    return dense, ask(reading.writing(reading.level), "language_pruned")


def texts(reading: Reading) -> bool:
    """Two texts of the same prompt and seed, side by side while they grow."""
    both = answers(reading)
    names = ("Dense", f"Without {reading.level / 10:g} %, {LABELS[reading.scorer]}")
    for place, name, answer in zip(st.columns(2), names, both, strict=True):
        with place.container(border=True):
            st.markdown(f"**{plain(name)}**")
            if answer.error:
                st.info(plain(answer.error), icon=":material/info:")
            elif answer.value is None:
                st.caption("Being pruned, then read …")
            else:
                value = answer.value
                st.markdown(f"_{plain(value['prompt'])}_ {plain(value['text'])}{' ▍' if answer.pending else ''}")
                rate = f", {value['rate']:.0f} tokens a second" if value.get("rate") else ""
                st.caption(
                    f"{value['tokens']} tokens; first after {1000 * value['first']:.0f} ms{rate}, on this machine."
                )
    return any(answer.pending for answer in both)


def tokens(reading: Reading) -> bool:
    """A window of the test text, each token coloured by how much more it surprises the pruned network."""
    answer = ask(reading.tokens(), "language_tokens")
    st.subheader("Which words suffer?", anchor=False)
    if answer.error:
        st.info(plain(answer.error), icon=":material/info:")
    elif answer.value is None:
        st.caption("Reading a window of the test text …")
    else:
        value = answer.value
        more = [own - dense for own, dense in zip(value["nats"], value["dense_nats"], strict=True)]
        spans = "".join(
            f'<span style="background:rgba(230,159,0,{min(0.85, max(0.0, gain / 4)):.2f})" '
            f'title="{gain:+.2f} nats">{escape(token)}</span>'
            for token, gain in zip(value["tokens"], more, strict=True)
        )
        st.html(f'<div style="line-height:1.7">{spans}</div>')
        worst = sum(gain > 1 for gain in more)
        st.caption(
            f"{worst} of {len(more)} tokens lose more than one nat (are less than 0.37 times as likely as before); "
            "the stronger the colour, the more. Test text, one window."
        )
    return answer.pending


def behind(reading: Reading) -> None:
    """What perplexity hides, beside the dense network and beside chance at the same level."""
    found = stored(reading)
    chosen, chance = found.get((reading.scorer, reading.level)), found.get(("random", reading.level))
    if chosen is None or not reading.level:
        return
    st.subheader("What perplexity hides", anchor=False)
    columns = {LABELS[reading.scorer]: chosen}
    if chance is not None and reading.scorer != "random":
        columns[LABELS["random"]] = chance
    st.dataframe(hidden(columns), hide_index=True, placeholder="–", width="stretch")
    st.caption(
        f"Means with 95 % intervals over {chosen['windows']} windows, or {len(chosen['loops'])} prompts and sequences; "
        "stored with the program."
    )
