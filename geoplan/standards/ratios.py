"""Ratios in every zone: what shares and rates have in common."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoplan.standards.counts import Amounts, zone_amounts
from geoplan.standards.data import Case
from geoplan.standards.measure import Measured, ratio

if TYPE_CHECKING:
    from geoplan.standards.rules import Rule


def zone_ratios(case: Case, rule: "Rule", part: Amounts, whole: Amounts, *, inside: bool) -> list[Measured]:
    """Return part over whole in each zone of the level of `rule`, from what each facility has.

    A facility that stands nowhere known possibly counts in the area, and so its rows are unknown there.
    """
    zones = case.zones_of(rule)
    if zones.missing:
        return [Measured(case.area, missing=zones.missing)]
    if not zones.sure:
        return [Measured(case.area, applicable=False)]
    missing = whole.missing or part.missing
    hints = tuple(dict.fromkeys((*whole.hints, *part.hints)))
    at = case.facility_zone[case.facilities.index.get_indexer(whole.table.index)]
    lost = case.homeless[case.facilities.index.get_indexer(whole.table.index)]
    found = []
    for zone in zones.sure:
        if missing:
            found.append(Measured(zone, missing=missing, hints=hints))
            continue
        here = np.isin(at, case.zones.index.get_indexer(case.below(zone))) & (at >= 0)
        stray = lost if zone == case.area else np.zeros(len(lost), bool)
        rows = whole.table[here | stray].copy()
        rows.loc[stray[here | stray], "low"] = 0.0
        parts = part.table.reindex(rows.index, fill_value=0.0)
        parts.loc[stray[here | stray], "low"] = 0.0
        r = ratio(parts, rows, inside=inside)
        found.append(
            Measured(
                zone,
                r.low,
                r.high,
                r.whole,
                rows=r.rows,
                unknown_rows=r.unknown_rows,
                known=r.known,
                hints=hints,
                applicable=not np.isnan(r.low),
            )
        )
    return found


def pointless_ratio(case: Case, rule: "Rule", part: str, whole: str, *, inside: bool) -> list[Measured]:
    """Return part over whole of two supplies without a point, in each zone of the level of `rule`."""
    zones = case.zones_of(rule)
    top, base = zone_amounts(case, None, part), zone_amounts(case, None, whole)
    found = []
    for zone in zones.sure or (case.area,):
        missing = zones.missing or top.missing or base.missing
        if missing or not zones.sure:
            found.append(Measured(zone, missing=missing, applicable=bool(zones.sure)))
            continue
        r = ratio(_row(top.table, zone), _row(base.table, zone), inside=inside)
        found.append(
            Measured(
                zone,
                r.low,
                r.high,
                r.whole,
                rows=r.rows,
                unknown_rows=r.unknown_rows,
                known=r.known,
                applicable=not np.isnan(r.low),
            )
        )
    return found


def _row(table: pd.DataFrame, zone: str) -> pd.DataFrame:
    return table.loc[[zone], ["low", "high"]]
