"""What counts: the facilities that a rule selects, and how much of a supply they have, as intervals.

Attributes have three values and amounts may be unknown, so every count is an interval: the least takes what certainly
counts, the most what possibly does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage.provision import sums_in_zones
from geoplan.standards.data import AssessmentData, Bools, Floats
from geoplan.standards.grammar import parse_bound
from geoplan.standards.measure import Measured
from geoplan.standards.rules import Condition, Selection, types_of
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import Note
from geoplan.words.vocabulary import label, narrower, vocabulary


@dataclass(frozen=True)
class Amounts:
    """How much each facility has of what a rule counts.

    `table` holds ``low, high``, 0 <= low <= high, by facility_id, of the facilities that possibly count; `missing` says why
    nothing can be counted, `hints` what the registers do not say and the count would need.
    """

    table: pd.DataFrame
    missing: tuple[Note, ...] = ()
    hints: tuple[Note, ...] = ()


def fits(data: AssessmentData, condition: Condition | None, amount_at: pd.Index) -> tuple[Bools, Bools]:
    """Return which facilities of `amount_at` certainly and possibly meet a condition.

    Conditions joined by ``all`` hold certainly where each certainly does, those by ``any`` where one certainly does.
    """
    if condition is None:
        return np.ones(len(amount_at), bool), np.ones(len(amount_at), bool)
    if condition.any is not None or condition.all is not None:
        parts = [fits(data, part, amount_at) for part in (condition.any or condition.all or [])]
        join = np.logical_or if condition.any is not None else np.logical_and
        return join.reduce([sure for sure, _ in parts]), join.reduce([maybe for _, maybe in parts])
    if condition.attribute is not None:
        sure, maybe = holding(data.facilities, condition.attribute, amount_at)
        return (sure, maybe) if condition.holds else (~maybe, ~sure)
    if condition.opened is not None:
        return compare(*opened_between(data, amount_at), condition.opened)
    low, high = facility_amounts(data, str(condition.supply), amount_at)
    return compare(low, high, str(condition.bound))


def opened_between(data: AssessmentData, ids: pd.Index) -> tuple[Floats, Floats]:
    """Return the first and last year in which each facility can have opened; -inf and inf where nothing is known.

    Without an opening year a facility opened at the latest in the year of which it is told that it stands (``stood_in``).
    """
    opened = data.facilities.loc[ids, "open_year"].to_numpy(dtype=float)
    last = np.full(len(ids), np.nan)
    if "stood_in" in data.facilities:
        last = data.facilities.loc[ids, "stood_in"].to_numpy(dtype=float)
    unknown = np.isnan(opened)
    return np.where(unknown, -np.inf, opened), np.where(
        unknown, np.where(np.isnan(last), np.inf, last), opened
    )


def compare(low: np.ndarray, high: np.ndarray, bound: str) -> tuple[Bools, Bools]:
    """Return where intervals certainly and possibly keep a bound such as ``>=150``; NaN possibly does."""
    sign, value = parse_bound(bound)
    unknown = np.isnan(low) | np.isnan(high)
    sure, maybe = {
        ">=": (low >= value, high >= value), ">": (low > value, high > value), "<=": (high <= value, low <= value),
        "<": (high < value, low < value), "=": ((low == value) & (high == value), (low <= value) & (value <= high)),
    }[sign]  # fmt: skip
    return sure & ~unknown, maybe | unknown


def holding(table: pd.DataFrame, attribute: str, ids: pd.Index) -> tuple[Bools, Bools]:
    """Return which rows certainly and possibly have an attribute; a column that is absent says nothing."""
    if attribute not in table:
        return np.zeros(len(ids), bool), np.ones(len(ids), bool)
    values = table.loc[ids, attribute]
    blank = values.isna().to_numpy(dtype=bool)
    true = np.array(
        [not empty and bool(value) for value, empty in zip(values, blank, strict=True)], dtype=bool
    )
    return true, true | blank


def amounts(
    data: AssessmentData, of: Sequence[Selection], supply: str | None, *, where: Condition | None = None
) -> Amounts:
    """Return what each selected facility has of `supply`; facilities themselves where `supply` is None.

    A facility must fit any selection, and meet the condition `where`. The supply is added up over its selected types; one
    that offers a selected type without a row in supplies is unknown (0 to inf), never 0.
    """
    key = ("amounts", repr(of), supply, repr(where))
    return data.once(key, lambda: _amounts(data, of, supply, where))


def _amounts(
    data: AssessmentData, of: Sequence[Selection], supply: str | None, where: Condition | None
) -> Amounts:
    types = types_of(of)
    if not types & data.listed:
        return Amounts(_none(), (no_types(of),))

    rows = data.offers[data.offers["service"].isin(types)]
    ids = pd.Index(rows["facility_id"])
    sure, maybe = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for selection in of:
        offered = rows["service"].isin(selection.types).to_numpy()
        yes, perhaps = fits(data, selection.where, ids)
        inside = in_named_zones(data, selection, ids)
        sure |= offered & yes & inside
        maybe |= offered & perhaps & inside
    yes, perhaps = fits(data, where, ids)
    sure, maybe = sure & yes, maybe & perhaps

    hints = tuple(_absent_attributes(data, [*(s.where for s in of), where], ids))
    if supply is None:
        counted = pd.DataFrame({"low": sure.astype(float), "high": maybe.astype(float)}, index=ids)
        return Amounts(counted[maybe].groupby(level=0, sort=False).max(), hints=hints)
    known = supply_rows(data, supply, types)
    if known.empty and not maybe.any():
        # the registers have a word for the type and no row: there are none
        return Amounts(_none(), hints=hints)
    if known.empty:
        return Amounts(
            _none(), (Note.of("rule_no_supply", **both_labels("supply", "supplies", [supply])),), hints
        )
    keyed = known.groupby(["facility_id", "service"], sort=False)[["low", "high"]].sum()
    each = keyed.reindex(pd.MultiIndex.from_arrays([ids, rows["service"]]))
    low = np.where(sure, each["low"].fillna(0.0).to_numpy(), 0.0)
    high = each["high"].fillna(np.inf).to_numpy()
    table = pd.DataFrame({"low": low, "high": high}, index=ids)[maybe]
    return Amounts(table.groupby(level=0, sort=False).sum(), hints=hints)


def no_types(of: Sequence[Selection]) -> Note:
    """Return the note that no register lists any of the facilities that count."""
    return Note.of(
        "rule_no_type", **both_labels("types", "types", [name for one in of for name in one.facilities])
    )


def both_labels(value: str, section: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the labels of words of the vocabulary as the values ``<value>_zh`` and ``<value>_en`` of a note."""
    return {
        f"{value}_{lang}": phrase("join_items", lang).join(label(section, name, lang) for name in names)
        for lang in LANGUAGES
    }


def supply_rows(data: AssessmentData, supply: str, types: frozenset[str]) -> pd.DataFrame:
    """Return the rows of `supply` for facility types; where a register has none, those of the supply it derives from.

    Inclusive places, say, are the places of an inclusive institution where the register has no column of its own.
    """
    offered = data.supplies[data.supplies["service"].isin(types)]
    own = offered[offered["supply"] == supply]
    derived = vocabulary("supplies").get(supply, {}).get("derived")
    if derived is None:
        return own
    source, attribute = derived
    rest = offered[(offered["supply"] == source) & ~offered["facility_id"].isin(own["facility_id"])]
    if rest.empty or attribute not in data.facilities:
        return own
    sure, maybe = holding(data.facilities, attribute, pd.Index(rest["facility_id"]))
    rest = rest.assign(low=np.where(sure, rest["low"], 0.0), high=np.where(maybe, rest["high"], 0.0))
    joined: pd.DataFrame = pd.concat([own, rest], ignore_index=True)
    return joined


def in_named_zones(data: AssessmentData, selection: Selection, ids: pd.Index) -> Bools:
    """Return which facilities stand in the zones that a selection names; all where it names none."""
    if selection.in_zones is None:
        return np.ones(len(ids), bool)
    named = data.zones["name"].astype(str)
    inside = {
        zone
        for name in selection.in_zones
        for top in data.zones.index[(named == name) | named.str.startswith(name)]
        for zone in data.below(str(top))
    }
    return np.asarray(data.facilities.loc[ids, "zone_id"].isin(inside), dtype=bool)


@dataclass(frozen=True)
class ZoneAmounts:
    """How much stands in each zone: ``low, high, rows, unknown_rows, known`` by zone_id, and what is missing.

    `known` is the sum over the rows that are certain.
    """

    table: pd.DataFrame
    missing: tuple[Note, ...] = ()
    hints: tuple[Note, ...] = ()

    def at(self, zone: str) -> tuple[float, float]:
        """Return low and high of one zone."""
        return float(self.table["low"][zone]), float(self.table["high"][zone])

    def measured(self, zone: str, low: float, high: float, scale: float, **more: Any) -> Measured:  # noqa: ANN401
        """Return the measure of one zone whose value, least and most, follows from what stands in it."""
        rows, unknown = (
            int(np.nan_to_num(float(self.table[name][zone]))) for name in ("rows", "unknown_rows")
        )
        have = float(self.table["known"][zone]) if "known" in self.table else float("nan")
        stock: dict[str, Any] = {"missing": self.missing, "hints": self.hints, **more}
        return Measured(zone, low, high, scale, rows=rows, unknown_rows=unknown, have=have, **stock)


def zone_amounts(
    data: AssessmentData,
    of: Sequence[Selection] | None,
    supply: str | None,
    *,
    where: Condition | None = None,
) -> ZoneAmounts:
    """Return what stands in each zone; a supply without a point comes from the table of zone supplies.

    A facility counts in the zone that it stands in or that its register names, and in every zone above. Where it has no
    point it possibly counts in every zone below that one, and in all zones where none is named.
    """
    if of is None:
        return _without_point(data, str(supply))
    found = amounts(data, of, supply, where=where)
    table = located(data, found.table)
    return ZoneAmounts(
        table.assign(low=np.nan, high=np.nan) if found.missing else table, found.missing, found.hints
    )


def located(data: AssessmentData, table: pd.DataFrame) -> pd.DataFrame:
    """Return the amounts of facilities summed by zone: ``low, high, rows, unknown_rows, known``.

    What may stand in a zone, though it is not known, adds to `high` and to the rows that are unknown.
    """
    found = sums_in_zones(table, data.facilities.index, data.zones.index, data.facility_places)
    totals = found.rename(columns={"facilities": "rows"}).astype(float)
    facility, zone = data.may_stand
    row = table.index.get_indexer(data.facilities.index[facility])
    possible = zone[row >= 0]
    n = np.bincount(possible, minlength=len(totals))
    amount = table["high"].to_numpy(dtype=float)[row[row >= 0]]
    totals["high"] += np.bincount(possible, weights=amount, minlength=len(totals))
    return totals.assign(rows=totals["rows"] + n, unknown_rows=totals["unknown_rows"] + n)


def _without_point(data: AssessmentData, supply: str) -> ZoneAmounts:
    """Return a supply without a point from the table of zone supplies."""
    table = data.zone_supplies
    rows = None if table is None else table[table["supply"] == supply]
    if rows is None or rows.empty:
        note = Note.of("rule_no_zone_supply", **both_labels("supply", "supplies", [supply]))
        nothing = pd.DataFrame(
            np.nan, index=data.zones.index, columns=["low", "high", "rows", "unknown_rows"]
        )
        return ZoneAmounts(nothing, (note,))
    zone, upper = data.above
    at = data.zones.index.get_indexer(pd.Index(rows["zone_id"]))
    n = len(data.zones)

    def up(values: np.ndarray) -> np.ndarray:
        own = np.bincount(at, weights=values, minlength=n)
        return np.bincount(upper, weights=own[zone], minlength=n)

    low, high = rows["low"].to_numpy(dtype=float), rows["high"].to_numpy(dtype=float)
    told = up(np.ones(len(rows)))
    out = pd.DataFrame(
        {
            "low": up(low),
            "high": up(high),
            "rows": told,
            "unknown_rows": up((low < high).astype(float)),
            "known": up(np.where(low == high, low, 0.0)),
        },
        index=data.zones.index,
    )
    out.loc[told == 0, ["low", "high"]] = [0.0, np.inf]
    return ZoneAmounts(out)


def facility_amounts(data: AssessmentData, supply: str, ids: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Return least and most of a supply of each facility, all its types together; 0 to inf where no row says."""
    rows = supply_rows(data, supply, frozenset(data.listed))
    total = rows.groupby("facility_id")[["low", "high"]].sum().astype(float).reindex(ids)
    return total["low"].fillna(0.0).to_numpy(), total["high"].fillna(np.inf).to_numpy()


def _absent_attributes(
    data: AssessmentData, conditions: Sequence[Condition | None], ids: pd.Index
) -> list[Note]:
    """Return a hint for each attribute that no register has a column for, or says of none of the facilities `ids`."""
    found = []
    for condition in conditions:
        if condition is None:
            continue
        name = condition.attribute
        if name is not None and (
            name not in data.facilities or (len(ids) > 0 and data.facilities.loc[ids, name].isna().all())
        ):
            found.append(Note.of("rule_no_attribute", **both_labels("attribute", "attributes", [name])))
        found += _absent_attributes(data, [*(condition.any or []), *(condition.all or [])], ids)
    return found


def _none() -> pd.DataFrame:
    return pd.DataFrame({"low": pd.Series(dtype=float), "high": pd.Series(dtype=float)})


def family_of(types: frozenset[str]) -> frozenset[str]:
    """Return the whole family of service that facility types belong to: eldercare, childcare, or only themselves."""
    families = [narrower(name) for name in ("eldercare", "childcare_service")]
    return frozenset().union(types, *(family for family in families if family & types))
