"""Ratios in every zone: what shares and rates have in common."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geoplan.standards.counts import Amounts, zone_amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.measure import Measured, ratio
from geoplan.words.errors import Note


def facility_ratios(
    data: AssessmentData, ids: Sequence[str], part: Amounts, whole: Amounts, *, inside: bool
) -> list[Measured]:
    """Return part over whole in each zone, from what each facility has.

    A facility without a point possibly counts below the zone that is known of it; its rows are unknown there.
    """
    missing = whole.missing or part.missing
    hints = tuple(dict.fromkeys((*whole.hints, *part.hints)))
    rows = data.facilities.index.get_indexer(whole.table.index)
    at = data.facility_zone[rows]
    found = []
    for zone in ids:
        here = np.isin(at, data.zones.index.get_indexer(data.below(zone))) & (at >= 0)
        stray = data.may_stand_in(zone)[rows]
        total = whole.table[here | stray].copy()
        parts = part.table.reindex(total.index, fill_value=0.0)
        for table in (total, parts):
            table.loc[stray[here | stray], "low"] = 0.0
        found.append(_measured(zone, parts, total, missing=missing, hints=hints, inside=inside))
    return found


def supply_ratios(
    data: AssessmentData, ids: Sequence[str], part: str, whole: str, *, inside: bool
) -> list[Measured]:
    """Return part over whole of two supplies without a point, in each zone."""
    top, base = zone_amounts(data, None, part), zone_amounts(data, None, whole)
    columns = ["low", "high"]
    return [
        _measured(
            zone, top.table.loc[[zone], columns], base.table.loc[[zone], columns],
            missing=top.missing or base.missing, hints=(), inside=inside,
        )
        for zone in ids
    ]  # fmt: skip


def _measured(
    zone: str, part: pd.DataFrame, whole: pd.DataFrame, *, missing: tuple[Note, ...], hints: tuple[Note, ...], inside: bool
) -> Measured:  # fmt: skip
    if missing:
        return Measured(zone, missing=missing, hints=hints)
    return ratio(zone, part, whole, inside=inside, hints=hints)
