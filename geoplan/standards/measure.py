"""What a kind of rule measures, and the interval arithmetic that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from geoplan.words.errors import Note

NAN = float("nan")


@dataclass(frozen=True)
class Tally:
    """Members counted in three figures that stay together.

    `met` meet the rule, of those `judged` that could be judged, 0 <= met <= judged; `no_data` are those of which it is not
    known whether they meet it, or whether they count.
    """

    met: int = 0
    judged: int = 0
    no_data: int = 0


@dataclass(frozen=True)
class Measured:
    """What was measured for one rule at one zone, before it is judged.

    Parameters
    ----------
    zone_id
        Zone of the rule's own level, or of the plan's area where members are counted.
    low, high
        Least and most of the value in the rule's unit; shares 0-1; NaN where it cannot be measured.
    scale
        Amount in the unit in which one builds that raises the value by 1 (people / N, members, whole of a share).
    rows, unknown_rows
        Register rows (or members) that count, and those of them whose amount is unknown.
    may_reach
        People who may lie in the circle of a facility without a point or of which too little is known; the interval holds them.
    unsure_rows
        Of `unknown_rows` the members of which it is not known whether they count.
    known
        Part and whole over the rows that are certain, where the value is a share of a supply.
    have
        Sum over the rows that are certain, in the unit in which one builds; NaN where the value is no sum of rows.
    missing
        What is missing where nothing can be judged; empty otherwise.
    hints
        What the registers do not say and the count would need.
    applicable
        False where nothing of the rule's kind is there to be judged.
    people
        People of the rule's group who lack it if it is not met; NaN where that has no meaning or follows from the gap.
    group
        Group of people, for the basis.
    parts
        ``low, high, scale`` of the towns (or communities) below, for the sum of gaps; None where it has no meaning.
    members
        ``member_id, has, value, nearest_facility, minutes, cause`` and further columns; None where there are none.
    also
        Further figures of the finding (``share_located, share_assigned, share_within`` …).
    off_network
        People of the group of whom it is not known for want of streets; the interval holds them.
    tally
        How many members have it, of how many that could be judged, and how many could not; None where no members count.
    notes
        What is to be said beside the value.
    """

    zone_id: str
    low: float = NAN
    high: float = NAN
    scale: float = NAN
    rows: int = 0
    unknown_rows: int = 0
    may_reach: float = 0.0
    unsure_rows: int = 0
    known: tuple[float, float] | None = None
    have: float = NAN
    missing: tuple[Note, ...] = ()
    hints: tuple[Note, ...] = ()
    applicable: bool = True
    people: float = NAN
    group: str = ""
    parts: pd.DataFrame | None = None
    members: pd.DataFrame | None = None
    also: Mapping[str, float] = field(default_factory=dict)
    off_network: float = 0.0
    tally: "Tally | None" = None
    notes: tuple[Note, ...] = ()


def ratio(
    zone: str, part: pd.DataFrame, whole: pd.DataFrame, *, inside: bool, hints: tuple[Note, ...] = ()
) -> Measured:
    """Return the ratio of the sums of two tables of ``low, high`` with the same rows, not applicable without a whole.

    With `inside` the part of a row is a part of its whole (nursing beds of beds), so that a row of which nothing is
    known can raise the ratio only with both. Bounds, r between::

        sum(part.low) / sum(whole.high)  <=  r  <=  sum(part.high') / sum(whole')
        whole' = max(whole.low, min(part.high, whole.high)) if inside else whole.low

    Examples
    --------
    >>> part = pd.DataFrame({"low": [30.0, 0.0], "high": [30.0, 10.0]})
    >>> whole = pd.DataFrame({"low": [40.0, 20.0], "high": [40.0, 20.0]})
    >>> found = ratio("area/1", part, whole, inside=True)
    >>> round(found.low, 3), round(found.high, 3), found.known
    (0.5, 0.667, (30.0, 40.0))
    """
    part = part.reindex(whole.index, fill_value=0.0)
    p_low, p_high = part["low"].to_numpy(dtype=float), part["high"].to_numpy(dtype=float)
    w_low, w_high = whole["low"].to_numpy(dtype=float), whole["high"].to_numpy(dtype=float)
    best_whole = np.maximum(w_low, np.minimum(p_high, w_high)) if inside else w_low
    best_part = np.minimum(p_high, best_whole) if inside else p_high
    certain = (p_low == p_high) & (w_low == w_high)
    low = _over(float(p_low.sum()), float(w_high.sum()))
    high = _over(float(best_part.sum()), float(best_whole.sum()), endless=1.0 if inside else np.inf)
    some = bool(w_high.sum() > 0)
    return Measured(
        zone, low if some else NAN, high if some else NAN, float(best_whole.sum()), rows=len(whole),
        unknown_rows=int((~certain).sum()), known=(float(p_low[certain].sum()), float(w_low[certain].sum())),
        hints=hints, applicable=some,
    )  # fmt: skip


def _over(part: float, whole: float, *, endless: float = 0.0) -> float:
    """Return part / whole; where both are without limit, `endless`; where the whole is 0, inf or 0."""
    if np.isinf(part) and np.isinf(whole):
        return endless
    if whole == 0:
        return np.inf if part > 0 else 0.0
    return part / whole


def share_of_members(has: pd.Series, counted: pd.Series) -> tuple[float, float]:
    """Return least and most of the share of members that have something (`has`: True, False or NA); NaN without members.

    `counted` is True where the member certainly counts, False where it only possibly does.

    Examples
    --------
    >>> share_of_members(pd.Series([True, False, pd.NA], dtype="boolean"), pd.Series([True, True, True]))
    (0.3333333333333333, 0.6666666666666666)
    """
    yes = has.fillna(False).to_numpy(dtype=bool)
    maybe = has.fillna(True).to_numpy(dtype=bool)
    sure = counted.to_numpy(dtype=bool)
    # a member that only possibly counts lowers the share by lacking it and raises it by having it
    lacking = sure.sum() + (~sure & ~yes).sum()
    having = sure.sum() + (~sure & maybe).sum()
    low = (sure & yes).sum() / lacking if lacking else (1.0 if having else NAN)
    high = maybe.sum() / having if having else (0.0 if lacking else NAN)
    return float(low), float(high)


def no_flags(ids: pd.Index, unit: str) -> pd.DataFrame:
    """Return flags that nothing could measure."""
    numbers = ["reachable_low", "reachable_high", "located_low", "located_high", "required", "shortfall", "people",
               "off_network", "in_circle_low", "in_circle_high", "below_low", "below_high", "reached_share", "affected_whole", "people_affected", "minutes"]  # fmt: skip
    table = pd.DataFrame(np.nan, index=ids, columns=numbers)
    table["unit"], table["cause"], table["state"], table["affected_group"] = unit, "no_data", "unknown", ""
    table["nearest_facility"] = pd.array([None] * len(ids), dtype=object)
    return table
