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

#: Shares below this are rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Reachable:
    """Supply in reach under one rule.

    `low` and `high` are the least and most per N of the group, as the mean over the zone's people, by zone_id; NaN where
    there are none. At the least those who are assumed outside of the study area compete, at the most they do not; `taken` is the
    share (0-1) of the supply in reach that they take, 0 where they take none. `stock` holds ``low, high`` of the facilities that count, by facility_id; `pairs` ``demand_id,
    facility_id, seconds`` within the circle; `missing` why nothing could be measured, empty where it could.
    """

    low: pd.Series
    high: pd.Series
    stock: pd.DataFrame
    pairs: pd.DataFrame
    taken: pd.Series
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
        return Reachable(nothing, nothing, found.table, data.pairs.iloc[:0], nothing, missing)
    pairs, minutes = walks
    pairs = pairs[pairs["facility_id"].isin(found.table.index)]
    bands = data.decay(types_of(of))
    inside = data.points(group)
    people = data.zone_totals(inside)
    some = people.where(people > 0)

    def shared_by(need: pd.Series) -> list[pd.Series]:
        each = reachable_supply(pairs, need, found.table, walk_minutes=minutes, bands=bands)
        return [
            data.zone_totals(_times(each[end].loc[data.places.points].to_numpy(), inside)).div(some) * n
            for end in ("low", "high")
        ]

    everyone = data.demand[group].astype(float)
    shared = shared_by(everyone)
    alone = shared_by(everyone.mask(data.assumed, 0.0)) if data.assumed.any() else shared
    return Reachable(shared[0], alone[1], found.table, pairs, _taken(shared, alone))


def _taken(shared: list[pd.Series], alone: list[pd.Series]) -> pd.Series:
    """Return the share of the supply in reach that those who are assumed outside take, by zone_id.

    Of the least that the register allows, else (where it is certain of nothing) of the most.
    """
    (low, high), (low_alone, high_alone) = shared, alone
    certain = low_alone > 0
    whole = low_alone.where(certain, high_alone.where(np.isfinite(high_alone)))
    part = low.where(certain, high)
    taken = (1.0 - part / whole.where(whole > 0)).fillna(0.0)
    return taken.where(taken > ROUNDING, 0.0)


def _times(each: Floats, people: Floats) -> Floats:
    """Return each * people; nobody's share of something unknown is nothing."""
    return np.asarray(
        np.multiply(each, people, out=np.zeros(len(people)), where=people > 0), dtype=np.float64
    )
