"""What the people of each zone can walk to under a rule, in the rule's own unit: the two-step floating catchment, once a rule."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from geoplan.coverage.provision import catchments, reachable_supply
from geoplan.standards.counts import amounts
from geoplan.standards.data import AssessmentData, Floats
from geoplan.standards.kinds.provision import no_group
from geoplan.standards.possible import may_add, may_be_reached
from geoplan.standards.requirement import COMPARISON_TOLERANCE, Requirement
from geoplan.standards.rules import Rule, types_of
from geoplan.words.errors import Note

#: Shares below this are rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Reachable:
    """Supply in reach under one rule.

    `low` and `high` are the least and most per N of the group, as the mean over the zone's people on the network, by zone_id;
    NaN where there are none, or where so many are off it that those on it do not stand for the zone. At the least those who are
    assumed outside of the study area compete, at the most they do not; `taken` is the share (0-1) of the supply in reach that
    they take, 0 where they take none. What facilities without a point or street may add is in the most; `may_reach` says where
    they may. A mean hides people: `in_circle` holds ``low, high``, the share (0-1) of the zone's people who reach any of it, and
    `below` ``low, high``, how many reach less than the rule asks for; those off the network are in the interval. `stock` holds
    ``low, high`` of the facilities that count, by facility_id; `pairs` ``demand_id, facility_id, seconds`` within the circle;
    `missing` why nothing could be measured, empty where it could.
    """

    low: pd.Series
    high: pd.Series
    stock: pd.DataFrame
    pairs: pd.DataFrame
    taken: pd.Series
    in_circle: pd.DataFrame
    below: pd.DataFrame
    may_reach: pd.Series
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
        ends = pd.DataFrame({"low": nothing, "high": nothing})
        none = data.pairs.iloc[:0]
        return Reachable(nothing, nothing, found.table, none, nothing, ends, ends, nothing > 0, missing)
    pairs, minutes = walks
    pairs = pairs[pairs["facility_id"].isin(found.table.index)]
    bands = data.decay(types_of(of))
    joined = data.on_network(group)
    some = data.zone_totals(joined).where(lambda crowd: crowd > 0).mask(data.lacks_streets(group))

    def shared_by(need: pd.Series) -> pd.DataFrame:
        each = reachable_supply(pairs, need, found.table, walk_minutes=minutes, bands=bands)
        return each.loc[data.places.points] * n

    def means(each: pd.DataFrame) -> list[pd.Series]:
        return [data.zone_totals(_times(each[end].to_numpy(), joined)).div(some) for end in ("low", "high")]

    with_all = shared_by(data.demand[group].astype(float))
    without = shared_by(_certain_need(data, group)) if data.assumed.any() else with_all
    shared, alone = means(with_all), means(without)
    # of a facility without a point or street all may fall to one zone; who may reach it may reach enough of it
    perhaps = may_be_reached(data, types_of(of), found.table.index[found.table["high"] > 0])
    each = pd.DataFrame({"low": with_all["low"], "high": without["high"].mask(perhaps, np.inf)})
    more = may_add(data, types_of(of), found.table, group)
    what = rule.requirement(data.year, data.thresholds)
    beside = _in_circle(data, each, group), _below(data, each, group, what)
    taken = _taken(shared, alone)
    return Reachable(
        shared[0], alone[1] + more * n / some, found.table, pairs, taken, *beside, may_reach=more > 0
    )


def zone_shares(
    data: AssessmentData, rule: Rule, pairs: pd.DataFrame, facilities: pd.Index
) -> tuple[csr_array, csr_array]:
    """Return what each unit of further supply takes off the shortfall of each zone under `rule`, with the walks, weights and people of `reachable`.

    What the people of a zone reach is linear in the sizes of facilities. A unit at facility j adds ``w_ij / D_j`` to the rate of each
    point i, and the shortfall of a zone counts the rates of its people on the network, so that it takes ``sum_i d_i w_ij / D_j`` off:
    the share of those who reach j, weighted, that lives in the zone. It is the coefficient of the most that is reached, by which a
    zone is flagged: people who are assumed outside of the study area do not compete.

    Parameters
    ----------
    pairs
        ``demand_id, facility_id, seconds``: walks to the new facilities, halo included.
    facilities
        Their ids, shape (n_facilities,).

    Returns
    -------
    share, reached
        The coefficient (0-1) and the share (0-1) of each zone's people who walk there, shape (n_facilities, n_zones) each, the zones those
        in which points count directly: the finest of the partition, and estates.
    """
    told = rule.reached_by()
    assert told is not None and rule.people is not None  # noqa: S101, PT018 - the caller asked for such a rule
    types, group = types_of(told[0]), rule.people.group
    walks = data.walks(types)
    minutes = 0.0 if walks is None else walks[1]
    need = _certain_need(data, group)
    shared = catchments(pairs, need, facilities, walk_minutes=minutes, bands=data.decay(types)).shares()
    inside = csr_array(shared[:, need.index.get_indexer(data.places.points)])
    places, joined = data.places, data.on_network(group)
    lives = coo_array(
        (joined[places.member] * places.share, (places.member, places.cell)),
        shape=(len(places.points), len(data.zones)),
    ).tocsr()
    people = data.zone_totals(data.points(group)).to_numpy()
    walked = csr_array((np.ones(inside.nnz), inside.indices, inside.indptr), shape=inside.shape) @ lives
    reached = csr_array(walked.multiply(np.divide(1.0, people, out=np.zeros(len(people)), where=people > 0)))
    return csr_array(inside @ lives), reached


def _certain_need(data: AssessmentData, group: str) -> pd.Series:
    """Return the people of a group at each point, those assumed outside of the study area left out."""
    return data.demand[group].astype(float).mask(data.assumed, 0.0)


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


def _in_circle(data: AssessmentData, each: pd.DataFrame, group: str) -> pd.DataFrame:
    """Return the least and most of the share of each zone's people who reach any of a supply."""
    joined, off = data.on_network(group), data.people_off_network(group)
    people = data.zone_totals(data.points(group))
    some = people.where(people > 0)
    low, high = (data.zone_totals(np.where(each[end] > 0, joined, 0.0)) for end in ("low", "high"))
    return pd.DataFrame({"low": low / some, "high": ((high + off) / some).clip(upper=1.0)})


def _below(data: AssessmentData, each: pd.DataFrame, group: str, what: Requirement) -> pd.DataFrame:
    """Return how many people of each zone reach less than is required, at least and at most; NaN where nothing is."""
    joined, off = data.on_network(group), data.people_off_network(group)
    if not what.comparison:
        return pd.DataFrame({"low": np.nan, "high": np.nan}, index=data.zones.index)
    low, high = (
        data.zone_totals(np.where(falls_short(what, each[end]), joined, 0.0)) for end in ("high", "low")
    )
    return pd.DataFrame({"low": low, "high": high + off})


def falls_short(what: Requirement, reached: pd.Series) -> pd.Series:
    """Return where what is reached is less than a standard asks for, the bound itself met but by a strict ``>``."""
    slack = COMPARISON_TOLERANCE * max(1.0, abs(what.required))
    return reached < what.required - slack if what.comparison == ">=" else reached <= what.required + slack


def _times(each: Floats, people: Floats) -> Floats:
    """Return each * people; nobody's share of something unknown is nothing."""
    return np.asarray(
        np.multiply(each, people, out=np.zeros(len(people)), where=people > 0), dtype=np.float64
    )
