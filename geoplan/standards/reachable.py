"""What the people of each zone can walk to under a rule, in the rule's own unit: the two-step floating catchment, once a rule."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.coverage.provision import reachable_supply
from geoplan.standards.counts import amounts
from geoplan.standards.data import AssessmentData, Floats
from geoplan.standards.kinds.provision import no_group
from geoplan.standards.rules import Rule, types_of
from geoplan.words.errors import Note


@dataclass(frozen=True)
class Reachable:
    """Supply in reach under one rule.

    `low` and `high` are the least and most per N of the group, as the mean over the zone's people, by zone_id; NaN where
    there are none. `stock` holds ``low, high`` of the facilities that count, by facility_id; `pairs` ``demand_id,
    facility_id, seconds`` within the circle; `missing` why nothing could be measured, empty where it could.
    """

    low: pd.Series
    high: pd.Series
    stock: pd.DataFrame
    pairs: pd.DataFrame
    missing: tuple[Note, ...] = ()


def reachable(data: AssessmentData, rule: Rule) -> Reachable | None:
    """Return what the people of each zone reach under `rule`; None for a rule that is not per people or households."""
    told = rule.reached_by()
    if told is None or rule.people is None:
        return None
    of, supply = told
    group, n = rule.people.group, rule.people.n
    found = amounts(data, of, supply)
    walks = data.walks(types_of(of))
    nothing = pd.Series(np.nan, index=data.zones.index)
    missing = found.missing
    if not missing and group not in data.demand:
        missing = (no_group(group),)
    if not missing and walks is None:
        missing = (Note.of("rule_no_service", minutes="-", metres="-"),)
    if missing or walks is None:
        return Reachable(nothing, nothing, found.table, data.pairs.iloc[:0], missing)
    pairs, minutes = walks
    pairs = pairs[pairs["facility_id"].isin(found.table.index)]
    bands = data.decay(types_of(of))
    need = data.demand[group].astype(float)
    each = reachable_supply(pairs, need, found.table, walk_minutes=minutes, bands=bands)
    inside = data.points(group)
    people = data.zone_totals(inside)
    some = people.where(people > 0)
    low, high = (
        data.zone_totals(_times(each[end].loc[data.places.points].to_numpy(), inside)).div(some) * n
        for end in ("low", "high")
    )
    return Reachable(low, high, found.table, pairs)


def _times(each: Floats, people: Floats) -> Floats:
    """Return each * people; nobody's share of something unknown is nothing."""
    return np.asarray(
        np.multiply(each, people, out=np.zeros(len(people)), where=people > 0), dtype=np.float64
    )
