"""Which part of each demand point's people lives in which estate: estates need not fit communities or cells."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.inputs.boundaries.checks import overlaps, without_overlaps
from geoplan.inputs.boundaries.layers import natural_key
from geoplan.inputs.population.grids import REST, Cut, cover

Ints = NDArray[np.int64]
COLUMNS = ["demand_id", "zone_id", "share"]


def estates(zones: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the estates with polygons, without overlaps, in the order of codes."""
    table = zones[(zones["level"] == "estate") & ~zones.geometry.isna()]
    order = sorted(range(len(table)), key=lambda i: natural_key(str(table["code"].iloc[i])))
    shapes = table.geometry.iloc[order]
    cut = (
        without_overlaps(shapes.to_numpy(), overlaps(shapes.to_numpy())) if len(shapes) else shapes.to_numpy()
    )
    return gpd.GeoSeries(cut, index=shapes.index, crs=zones.crs)


def part_shares(cut: Cut, parts: Ints, demand_id: Ints, estates: gpd.GeoSeries) -> pd.DataFrame:
    """Return ``demand_id, zone_id, share`` for parts of cells: the share of the part's area that lies in the estate.

    Parameters
    ----------
    cut
        A grid cut by zones.
    parts, demand_id
        Positions of parts and the ids of their demand points; those in the halo get no share.
    estates
        Polygons without overlaps, metric CRS, indexed by zone id.
    """
    inside = cut.inside[parts]
    parts, demand_id = parts[inside], demand_id[inside]
    moved = estates.to_crs(cut.grid.crs)
    estate, cell, covered = cover(moved, cut.grid)
    left = pd.DataFrame({"cell": cut.cell[parts], "part": parts, "demand_id": demand_id})
    pairs = left.merge(pd.DataFrame({"cell": cell, "estate": estate, "share": covered}), on="cell")
    part, owner, share = (pairs[c].to_numpy() for c in ("part", "estate", "share"))
    # a whole cell: the estate's share of it; a cell shared by zones: cut the part itself
    split = np.flatnonzero(cut.coverage[part] < 1)
    pieces = shapely.intersection(cut.grid.boxes(cut.cell[part[split]]), cut.shapes[cut.zone[part[split]]])
    whole = shapely.area(pieces)
    common = shapely.area(shapely.intersection(pieces, moved.to_numpy()[owner[split]]))
    share = share.copy()
    share[split] = np.divide(common, whole, out=np.zeros(len(split)), where=whole > 0)
    return _table(pairs["demand_id"].to_numpy(), estates.index.to_numpy()[owner], share)


def point_shares(x: NDArray[Any], y: NDArray[Any], demand_id: Ints, estates: gpd.GeoSeries) -> pd.DataFrame:
    """Return ``demand_id, zone_id, share`` for points: all of a point's people live in the estate that it lies in."""
    point, estate = shapely.STRtree(estates.to_numpy()).query(shapely.points(x, y), predicate="intersects")
    order = np.lexsort((estate, point))
    first = np.unique(point[order], return_index=True)[1]
    point, estate = point[order][first], estate[order][first]
    return _table(demand_id[point], estates.index.to_numpy()[estate], np.ones(len(point)))


def _table(demand_id: Ints, zone_id: NDArray[Any], share: NDArray[Any]) -> pd.DataFrame:
    table = pd.DataFrame(
        {"demand_id": demand_id, "zone_id": zone_id, "share": np.minimum(share, 1.0)}, columns=COLUMNS
    )
    return table[table["share"] > REST]


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return shares in the order of demand points and zones; shares of one point that add up to over 1 by rounding are scaled."""
    tables = [table for table in tables if len(table)]
    if not tables:
        return pd.DataFrame(
            {"demand_id": np.empty(0, np.int64), "zone_id": pd.Series(dtype="str"), "share": np.empty(0)}
        )
    table = pd.concat(tables).sort_values(["demand_id", "zone_id"], ignore_index=True)
    total = table.groupby("demand_id")["share"].transform("sum")
    return table.assign(share=table["share"] / np.maximum(total, 1.0))
