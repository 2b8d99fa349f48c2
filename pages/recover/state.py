"""The choices of the page Recover: from the address, through the widgets, back into the address."""

from __future__ import annotations

from pages.choices.setting import Setting
from pages.choices.training import Recovery
from pages.shared import fields, state

PAGE = "recover"


def current() -> tuple[Setting, list[str]]:
    """The setting to show, and what of the address had to be changed; its choices go into the widgets."""
    return fields.beside_setting(PAGE, Recovery)


def publish(setting: Setting) -> None:
    """Write the setting and the choices into the address of the browser."""
    state.publish(setting, _own(setting))


def words(setting: Setting) -> dict[str, str]:
    """The words of the address that show this comparison."""
    return setting.query() | _own(setting)


def _own(setting: Setting) -> dict[str, str]:
    """What is chosen beside the setting, as words."""
    return fields.chosen(PAGE, setting.model, Recovery.of(setting.model)).words(setting.model)
