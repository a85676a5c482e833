"""The estate table (小区台账): rooms, households, and what is handed over."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geoplan.standards.counts import holding
from geoplan.standards.data import AssessmentData


def estate_rooms(data: AssessmentData, column: str, *, must_be_handed_over: bool) -> pd.DataFrame:
    """Return the rooms of each estate: ``low, high, rows, unknown_rows, known`` by zone_id.

    Rooms of a new estate count when they are built, accepted and handed over: where they certainly are not, nothing
    counts; where the table does not say, they possibly count.
    New estates must be handed over; `column` is ``eldercare_rooms_m2`` or ``childcare_rooms_m2``.
    """
    if column not in data.zones:
        return pd.DataFrame(
            {"low": 0.0, "high": np.inf, "rows": 1.0, "unknown_rows": 1.0, "known": 0.0},
            index=data.zones.index,
        )
    area = pd.Series(data.zones[column].to_numpy(dtype=float), index=data.zones.index)
    low, high = area.fillna(0.0), area.fillna(np.inf)
    if must_be_handed_over:
        sure, maybe = holding(data.zones, "handed_over", data.zones.index)
        low, high = low.where(sure, 0.0), high.where(maybe, 0.0)
    return pd.DataFrame({
        "low": low, "high": high, "rows": 1.0, "unknown_rows": (low < high).astype(float), "known": low.where(low == high, 0.0),
    })  # fmt: skip


def pooled(
    data: AssessmentData, table: pd.DataFrame, ids: Sequence[str], *, below: float
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rooms of each estate with those of its pool, and the households of the pool, by zone_id.

    Small estates of one community may build together: those of `ids` with fewer than `below` households form one pool a
    community, and each has what the pool has. Larger estates, and those of unknown size, stand alone.
    `table` comes from :func:`estate_rooms`.
    """
    out, size = table.copy(), pd.Series(np.nan, index=data.zones.index)
    if "households" not in data.zones:
        return out, size
    size[:] = data.zones["households"].to_numpy(dtype=float)
    above = data.zones["parent_id"]
    small = [zone for zone in ids if size[zone] < below and zone in above.dropna().index]
    parents = above.loc[small]
    for column in ("low", "high"):
        out.loc[small, column] = table.loc[small, column].groupby(parents).transform("sum")
    size[small] = size[small].groupby(parents).transform("sum")
    return out, size
