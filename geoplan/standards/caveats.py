"""Caveats: what qualifies a figure, as codes of the catalogue that stand beside it in every output."""

import numpy as np
import pandas as pd

from geoplan.standards.data import LEAST_COVERED, AssessmentData
from geoplan.standards.reachable import Reachable
from geoplan.standards.rules import Rule, types_of


def rule_caveats(data: AssessmentData, rule: Rule) -> tuple[str, ...]:
    """Return what qualifies every figure of a rule.

    A local value, an assumed list of zones, a clause that only advises, a figure that was not checked, distances to facilities of
    which the registers list none outside.
    """
    holds = {
        "caveat_local": bool(rule.local_entries) or rule.requirement(data.year, data.thresholds).local,
        "caveat_complete_by_band": rule.zones(data).by_band,
        "caveat_advisory": rule.advisory,
        "caveat_unverified": rule.status == "unverified",
        "caveat_second_hand": rule.status == "second_hand",
        "caveat_elsewhere": bool(rule.place),
        "caveat_nearest_inside": bool(rule.measured_to)
        and not types_of(rule.measured_to) & types_outside(data),
    }
    return tuple(code for code, is_so in holds.items() if is_so)


def reach_caveats(reach: Reachable | None, zone: str) -> tuple[str, ...]:
    """Return why what the people of a zone reach is an interval, beyond what the register leaves open."""
    if reach is None:
        return ()
    holds = {"caveat_assumed_outside": reach.taken[zone] > 0, "caveat_unplaced": reach.may_reach[zone]}
    return tuple(code for code, is_so in holds.items() if is_so)


def level_caveat(rule: Rule) -> str:
    """Return what qualifies a flag at another level than the rule's own; empty for the study's own circles."""
    if rule.pack == "study":
        return ""
    if "estate" not in rule.where.levels:
        return "caveat_by_community"  # of towns `flag_caveats` says by town
    return "caveat_new_estates" if rule.for_new_estates else "caveat_existing_estates"


def level_caveats(data: AssessmentData, rule: Rule, ids: pd.Index, table: pd.DataFrame) -> np.ndarray:
    """Return what qualifies the flag of each zone for its level (`level_caveat`), empty where it is the rule's own.

    `table` says where a flag is at the rule's own level or above it (``own_level``), and where what is located there measures it
    (``by_located``).
    """
    elsewhere = level_caveat(rule)
    towns = data.zones["level"].reindex(ids).eq("town").to_numpy(dtype=bool)
    by_town = {"caveat_by_community": "caveat_by_town"}.get(elsewhere, elsewhere)
    told = np.where(
        table["by_located"].to_numpy(dtype=bool), "caveat_by_located", np.where(towns, by_town, elsewhere)
    )
    return np.where(table["own_level"].to_numpy(dtype=bool), "", told)


def flag_caveats(
    data: AssessmentData, rule: Rule, ids: pd.Index, table: pd.DataFrame
) -> list[tuple[str, ...]]:
    """Return what qualifies the flag of each zone: its level, that of its rule, and what is not known of its neighbours.

    `table` holds the flags of the rule in the order of `ids`: `own_level` says where a flag is at the rule's own level or above it,
    `taken_outside` what share of the supply in reach people take who are assumed outside (NaN: the rule measures no supply), and
    `may_reach` where people may reach a facility without a point or street.
    """
    everywhere = rule_caveats(data, rule)
    nowhere = pd.Series(False, index=data.zones.index)
    edge = data.zones.get("edge", nowhere).reindex(ids).fillna(value=False).to_numpy(dtype=bool)
    border = data.zones.get("border", nowhere).reindex(ids).fillna(value=False).to_numpy(dtype=bool)
    shared = table["taken_outside"].to_numpy(dtype=float)
    lacking = data.zones.get("without_raster", nowhere).reindex(ids).to_numpy(dtype=float) > 1 - LEAST_COVERED
    levels = level_caveats(data, rule, ids, table)
    reached = rule.reached_by()
    neighbours = {
        # too high: nobody outside competes, or at the upper end nobody does; too low: nothing stands outside
        "caveat_edge": edge & ~np.isnan(shared),
        "caveat_assumed_outside": shared > 0,
        "caveat_register_ends": border
        & bool(not types_of(reached[0] if reached else rule.selections) & types_outside(data)),
        "caveat_raster_ends": lacking,
        "caveat_unplaced": table["may_reach"].to_numpy(dtype=bool),
    }
    told = [np.where(holds, code, "") for code, holds in neighbours.items()]
    each = zip(levels, *told, strict=True)
    rows = ((str(level), *everywhere, *map(str, codes)) for level, *codes in each)
    return [tuple(filter(None, row)) for row in rows]


def types_outside(data: AssessmentData) -> frozenset[str]:
    """Return the facility types of which the registers list one outside of the study area that counts in the year."""
    return data.once(("types_outside",), lambda: _types_outside(data))


def _types_outside(data: AssessmentData) -> frozenset[str]:
    placed = data.facilities["location_quality"].isin(["exact", "approximate"]).to_numpy(dtype=bool)
    beyond = data.facilities.index[placed & (data.facility_zone < 0)]
    return frozenset(data.offers.loc[data.offers["facility_id"].isin(beyond), "service"])
