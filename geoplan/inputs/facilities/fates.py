"""Where every row of a register ends, so that the sums add up: rows -> closed, duplicate … -> not placed -> in the run."""

import geopandas as gpd
import numpy as np
import pandas as pd

#: Where a row may end, in the order of the reconciliation.
ENDS = ("closed", "not_open", "outside", "duplicate", "unknown_type", "not_placed", "in_run")


def ends_of(facilities: gpd.GeoDataFrame, *, year: int | None) -> pd.Series:
    """Return where facilities end in `year`; without a year only their status decides.

    ``closed``: from its close year on, or of status closed without a year. ``not_open``: before its open year; building and planned
    ones count only from a stated open year on. Then ``not_placed`` without a point, else ``in_run``.
    """
    opened, shut, status = facilities["open_year"], facilities["close_year"], facilities["status"]
    # comparisons with an unknown year are False
    closed = (status == "closed") & (shut.isna() if year is not None else True)
    not_open = status.isin(["building", "planned"])
    if year is not None:
        closed |= shut <= year
        not_open = (not_open & opened.isna()) | (opened > year)
    conditions = [
        closed.to_numpy(dtype=bool),
        not_open.to_numpy(dtype=bool),
        facilities.geometry.isna().to_numpy(),
    ]
    return pd.Series(
        np.select(conditions, ["closed", "not_open", "not_placed"], "in_run"),
        index=facilities.index,
        dtype=object,
    )


def reconcile(fates: pd.DataFrame) -> pd.DataFrame:
    """Return the reconciliation, a row a register in the order of `fates`.

    Parameters
    ----------
    fates
        One row a register row, indexed by facility_id: ``file, end, beds, places`` (the least that the register allows),
        ``beds_known, places_known`` (bool).

    Returns
    -------
    reconciliation
        ``file, rows``, `ENDS`, ``placed_share`` (0-1 of the rows that count: 落点率; NaN if none), then the same for beds and places
        with the prefixes ``beds_``, ``places_``, and ``beds_unknown_rows, places_unknown_rows``.
    """
    lines = []
    for file, part in fates.groupby("file", sort=False):
        line: dict[str, object] = {"file": file}
        for prefix, weight in (("", None), ("beds_", "beds"), ("places_", "places")):
            amount = pd.Series(1.0, index=part.index) if weight is None else part[weight]
            sums = {end: float(amount[part["end"] == end].sum()) for end in ENDS}
            counted = sums["not_placed"] + sums["in_run"]
            kind = int if weight is None else float
            line |= {f"{prefix}rows": kind(amount.sum())} | {
                f"{prefix}{end}": kind(v) for end, v in sums.items()
            }
            line[f"{prefix}placed_share"] = sums["in_run"] / counted if counted else float("nan")
            if weight is not None:
                line[f"{prefix}unknown_rows"] = int((~part[f"{weight}_known"]).sum())
        lines.append(line)
    return pd.DataFrame(lines)
