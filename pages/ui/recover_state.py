"""The choices of the page Recover: from the address, through the widgets, back into the address."""

from __future__ import annotations

from pages.ui import recover_fields, state
from pruning.choices import Recovery, read_choices
from pruning.links import Setting

PAGE = "recover"


def current() -> tuple[Setting, list[str]]:
    """The setting to show, and what of the address had to be changed; its choices go into the widgets."""
    words = state.fresh()
    setting, changes = state.current(Recovery.model_fields)
    if words:
        own = recover_fields.own(words, Recovery)
        choices, more = read_choices(own, Recovery.of(setting.model))
        recover_fields.put(PAGE, setting.model, choices)
        changes += more
    return setting, changes


def publish(setting: Setting) -> None:
    """Write the setting and the choices into the address of the browser."""
    state.publish(setting, _own(setting))


def words(setting: Setting) -> dict[str, str]:
    """The words of the address that show this comparison."""
    return setting.query() | _own(setting)


def _own(setting: Setting) -> dict[str, str]:
    """What is chosen beside the setting, as words."""
    return recover_fields.chosen(PAGE, setting.model, Recovery.of(setting.model)).words(setting.model)
