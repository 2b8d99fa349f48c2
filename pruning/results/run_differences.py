"""What differs between the settings of kept runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pruning.study.study import Study

if TYPE_CHECKING:
    import pandas as pd

ABSENT = "–"
STEPS = [f"step {number}" for number in range(1, 1001)]
"""Names of a recipe's steps."""


def differences(studies: Mapping[str, Study]) -> pd.DataFrame:
    """Settings that are not the same in all studies: a row each, ``setting`` and a column for each study.

    A step of the recipe is told in words; where the words are the same, by its fields ("step 1 seed"). Other settings
    are named by their way into the study ("base model"); what a study has not is a dash.
    """
    import pandas as pd

    flat = [_settings(study) for study in studies.values()]
    names = list(dict.fromkeys(name for one in flat for name in one))
    rows = [[name, *(one.get(name, ABSENT) for one in flat)] for name in names]
    differ = [row for row in rows if len(set(row[1:])) > 1]
    told = {row[0] for row in differ}
    differ = [row for row in differ if not any(row[0].startswith(f"{step} ") for step in told if step in STEPS)]
    return pd.DataFrame(differ, columns=["setting", *studies])


def _settings(study: Study) -> dict[str, str]:
    plain = study.model_dump(mode="json")
    found: dict[str, str] = {}
    for number, (step, fields) in enumerate(zip(study.recipe, plain.pop("recipe"), strict=True)):
        found[STEPS[number]] = step.words()
        found |= _flat(fields, (STEPS[number],))
    return _flat(plain) | found


def _flat(value: Any, way: tuple[str, ...] = ()) -> dict[str, str]:
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value, 1)
        return {name: said for key, part in parts for name, said in _flat(part, (*way, str(key))).items()}
    return {" ".join(way): ABSENT if value is None or value == "" else f"{value}"}
