"""新建住宅小区配套“四同步”: the rooms of new estates, and how far they are planned, built, accepted and handed over."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geoplan.inputs.boundaries.steps import STEPS, out_of_order
from geoplan.standards.data import AssessmentData
from geoplan.standards.rules import Rule
from geoplan.tables import ESTATE_STEPS


def estate_steps(data: AssessmentData, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return the steps of each new estate (`geoplan.tables.ESTATE_STEPS`), in the order of the table of zones.

    Of several rules that ask for rooms the one that asks most counts. A step that the estate table does not state is unknown (NA).

    Returns
    -------
    steps
        Empty where the study has no new estate, or its estate table no column of a step.
    """
    kinds = data.zones["kind"].loc[list(data.level("estate"))]
    own = data.zones.loc[[zone for zone, words in kinds.items() if "new" in words]]
    if own.empty or not set(STEPS) & set(own.columns):
        return ESTATE_STEPS.empty()
    out = pd.DataFrame({"zone_id": own.index, "households": _numbers(own, "households")}, index=own.index)
    for service in ("eldercare", "childcare"):
        column = f"{service}_rooms_m2"
        asked = [found for rule in rules if (found := rule.rooms_asked(data, column)) is not None]
        most = pd.concat(asked, axis=1).max(axis=1) if asked else pd.Series(dtype=float)
        out[f"{service}_asked_m2"] = most.reindex(own.index)
        out[column] = _numbers(own, column)
    for step in STEPS:
        out[step] = own[step].astype("boolean") if step in own else pd.array([pd.NA] * len(own), "boolean")
        stated = own.get(f"{step}_date", pd.Series("", index=own.index))
        out[f"{step}_date"] = stated.astype(object).where(stated.notna(), "")
    out["out_of_order"] = [_pairs(row) for row in out.to_dict("records")]
    return ESTATE_STEPS.typed(out.reset_index(drop=True)[list(ESTATE_STEPS)])


def _numbers(table: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as numbers, NaN where the table has none."""
    if column not in table:
        return pd.Series(np.nan, index=table.index)
    return pd.Series(table[column].to_numpy(dtype=float), index=table.index)


def _pairs(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    """Return the pairs of steps in a contradictory order, as ``built>accepted``."""
    pairs = out_of_order({step: row[step] for step in STEPS}, {step: row[f"{step}_date"] for step in STEPS})
    return tuple(f"{earlier}>{later}" for earlier, later in pairs)
