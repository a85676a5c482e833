"""The table of candidates, built in one place: every column of `tables.CANDIDATES`, its type, and what it holds when nothing is said."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from geoplan.tables import CANDIDATES

_NUMBERS = (
    "floor_area_m2", "most_beds", "most_places", "usable_years", "from_year", "cost", "cost_unit", "rent_year", "parcel_m2",
)  # fmt: skip
#: Columns of text that are null, not empty, where nothing is known: they are keys.
_KEYS = ("extends", "zone_id")


def candidate_frame(
    columns: Mapping[str, Any], *, index: pd.Index, geometry: gpd.GeoSeries, crs: CRS | str | None
) -> gpd.GeoDataFrame:
    """Return `tables.CANDIDATES` from the columns that are known; the others say that nothing is stated.

    Parameters
    ----------
    columns
        Column -> values in the order of `index`, or one value for all; a name that the table does not have is left out.
    index
        candidate_ids.
    geometry
        Points in `crs`, or null, in the order of `index`.

    Examples
    --------
    >>> empty = candidate_frame({}, index=pd.Index([], dtype=object), geometry=gpd.GeoSeries([]), crs=None)
    >>> list(empty.columns)[:3], len(empty)
    (['name', 'services', 'works'], 0)
    """
    table = pd.DataFrame(index=index.rename("candidate_id"))
    for name in [c for c in CANDIDATES if c != "geometry"]:
        table[name] = _column(name, columns.get(name), len(index)).set_axis(table.index)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry.to_numpy(), index=table.index, crs=crs))


def _column(name: str, values: Any, n: int) -> pd.Series:  # noqa: ANN401 - whatever a column holds
    """Return one column in its type; None: nothing is stated."""
    if name in _NUMBERS:
        return pd.Series(_repeated(np.nan if values is None else values, n), dtype=np.float64)
    if name == "generated":
        return pd.Series(_repeated(False if values is None else values, n), dtype=bool)
    if name == "source_row":
        return pd.Series(_repeated(0 if values is None else values, n), dtype=np.int64)
    if name == "services":
        given = [()] * n if values is None else list(values)
        return pd.Series(given, dtype=object)
    blank = None if name in _KEYS else ""
    cells = [text if isinstance(text, str) and text else blank for text in _repeated(values, n)]
    return pd.Series(cells, dtype=object)


def _repeated(values: Any, n: int) -> list[Any]:  # noqa: ANN401 - whatever a column holds
    if values is None or isinstance(values, str | int | float | bool):
        return [values] * n
    return list(values)
