"""The tiers of the eldercare network (三级/四级服务网络): which of them each district and town has, and how much they hold.

Plans ask for a network of district, town, community and home. Which facility types make up a tier stands in the vocabulary
(`geoplan.words.vocabulary.types_of_tier`); whether a zone has one is counted as the rules of the kind ``presence`` count it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geoplan.standards.counts import amounts, located, supply_rows, zone_amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.members import registered_presence, registered_way, tally_of, three_valued
from geoplan.standards.rules import Selection
from geoplan.tables import LEVELS, TIERS
from geoplan.words.vocabulary import types_of_tier, vocabulary


def network_tiers(data: AssessmentData) -> pd.DataFrame:
    """Return the tiers of the network in each district and town (`geoplan.tables.TIERS`), a district before its towns.

    The study area stands for a district where the study has none. A facility belongs to its widest tier alone, with all its beds. A tier whose
    types no register lists is not known (NA), as is a zone in which a facility without a point may stand. Homes are the family beds
    of the table of zone supplies, else those of the registers.

    Returns
    -------
    tiers
        Empty where no register lists a type of any tier.
    """
    tiers = list(vocabulary("tiers"))
    if not data.listed & frozenset().union(*map(types_of_tier, tiers)):
        return TIERS.empty()
    zones = _zones(data)
    tables = [
        _of_homes(data, tier, zones) if tier not in LEVELS else _of_level(data, tier, zones) for tier in tiers
    ]
    order = {tier: place for place, tier in enumerate(tiers)}
    every = pd.concat(tables, ignore_index=True)
    place = {zone: number for number, zone in enumerate(zones)}
    at = np.lexsort((every["tier"].map(order), every["zone_id"].map(place)))
    return TIERS.typed(every.iloc[at].reset_index(drop=True)[list(TIERS)])


def _zones(data: AssessmentData) -> list[str]:
    """Return the zones that have a row: each district with its towns behind it, then towns of no district."""
    towns = list(data.level("town"))
    tops = data.level("district") or (data.area,)
    inside = {top: set(data.below(top)) for top in tops}
    rows = [zone for top in tops for zone in (top, *(town for town in towns if town in inside[top]))]
    return list(dict.fromkeys([*rows, *towns]))


def _of_level(data: AssessmentData, tier: str, zones: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a tier that stands at places: the zones of level `tier` are to have one each."""
    units = pd.Index(data.level(tier))
    found = amounts(data, [Selection(facilities=sorted(types_of_tier(tier)))], None)
    own = found.table[~_is_wider(data, tier, found.table.index)]
    index = pd.Index(list(dict.fromkeys([*zones, *units])), name="zone_id")
    table = registered_presence(data, own, index)
    way = registered_way(table)
    has, count, beds = (
        table[way],
        *(located(data, rows).loc[index] for rows in (own, _held(data, tier, own.index))),
    )
    if found.missing:
        has, count, beds = has.mask(has.notna()), count * np.nan, beds * np.nan
    rows: list[dict[str, Any]] = []
    for zone in zones:
        below = units[units.isin(data.below(zone)) & (units != zone)]
        tally = tally_of(has[below], pd.Series(data=True, index=below))
        rows.append({
            "zone_id": zone, "tier": tier, "due": LEVELS.index(tier) >= LEVELS.index(_level_of(data, zone)), "present": has[zone], "way": way,
            "facilities_low": count["low"][zone], "facilities_high": count["high"][zone],
            "units": len(below) or None, "units_met": tally.met if len(below) else None, "units_judged": tally.judged if len(below) else None,
            "capacity_low": beds["low"][zone], "capacity_high": beds["high"][zone],
        })  # fmt: skip
    return pd.DataFrame(rows).astype({"present": "boolean"})


def _level_of(data: AssessmentData, zone: str) -> str:
    """Return the level that a zone stands for: the study area is a district where the study has none."""
    level = str(data.zones["level"][zone])
    return "district" if level == "area" else level


def _is_wider(data: AssessmentData, tier: str, facilities: pd.Index) -> np.ndarray:
    """Return which facilities have a type of a wider tier too, shape (n_facilities,)."""
    tiers = list(vocabulary("tiers"))
    wider = frozenset().union(*map(types_of_tier, tiers[: tiers.index(tier)]))
    return np.array(
        [not wider.isdisjoint(types) for types in data.facilities["services"].loc[facilities]], dtype=bool
    )


def _held(data: AssessmentData, tier: str, facilities: pd.Index) -> pd.DataFrame:
    """Return what facilities hold for all their types of any tier, ``low, high``; none where the registers say that they have none."""
    every = frozenset().union(*map(types_of_tier, vocabulary("tiers")))
    rows = supply_rows(data, str(vocabulary("tiers")[tier]["supply"]), every)
    return rows.groupby("facility_id")[["low", "high"]].sum().astype(float).reindex(facilities).fillna(0.0)


def _of_homes(data: AssessmentData, tier: str, zones: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a tier without a place: present where a zone certainly has some of its supply."""
    supply = str(vocabulary("tiers")[tier]["supply"])
    stock = zone_amounts(data, None, supply)
    if stock.missing:
        every = sorted(frozenset().union(*map(types_of_tier, vocabulary("tiers"))))
        stock = zone_amounts(data, [Selection(facilities=every)], supply)
    held = stock.table.loc[list(zones), ["low", "high"]]
    has, may_have = (np.asarray(held[end] > 0, dtype=bool) for end in ("low", "high"))
    unknown = may_have | np.asarray(held["high"].isna(), dtype=bool)
    return pd.DataFrame({
        "zone_id": list(zones), "tier": tier, "due": True, "present": three_valued(has, unknown), "way": "", "facilities_low": np.nan, "facilities_high": np.nan,
        "units": None, "units_met": None, "units_judged": None,
        "capacity_low": held["low"].to_numpy(), "capacity_high": held["high"].to_numpy(),
    })  # fmt: skip
