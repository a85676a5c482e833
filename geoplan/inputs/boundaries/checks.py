"""What is wrong with polygons, measured: invalid rings, overlaps, holes, and how much of one level lies in another."""

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.inputs.lists.zone_names import level_words
from geoplan.words.errors import Note

#: Overlaps and holes up to this size come from digitising and rounding, and are not listed.
SLIVER_M2 = 1.0
#: Overlaps up to this size are not even cut: they shift less than a person.
NOTHING_M2 = 0.01
#: How many zones or pairs a note names.
NAMED = 20


def mend_polygons(geometry: gpd.GeoSeries) -> tuple[gpd.GeoSeries, pd.Series]:
    """Return polygons with valid rings, and by how much each one's area was changed.

    Rings that cross themselves are rebuilt (GEOS ``make_valid``, method *structure*), z is dropped, and what is no
    polygon after that becomes null.

    Both on the index of `geometry` (metric CRS, null allowed); the change is NaN where nothing had to be mended.

    Examples
    --------
    >>> bow_tie = gpd.GeoSeries.from_wkt(["POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"])
    >>> mended, changed = mend_polygons(bow_tie)
    >>> mended.is_valid.all(), mended.area.tolist(), changed.tolist()
    (np.True_, [2.0], [2.0])
    """
    shapes = shapely.force_2d(geometry.to_numpy())
    bad = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
    before = shapely.area(shapes)
    shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    shapes[bad] = [polygon_parts(shape) for shape in shapes[bad]]
    shapes[shapely.is_empty(shapes)] = None
    changed = np.where(bad, np.abs(np.nan_to_num(shapely.area(shapes)) - before), np.nan)
    index = geometry.index
    return gpd.GeoSeries(shapes, index=index, crs=geometry.crs), pd.Series(changed, index=index)


def polygon_parts(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons among the parts of `shape`."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def shared_areas(left: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    """Return every pair of polygons (null allowed) that share area: positions ``left, right`` and ``m2``, in their order."""
    tree = shapely.STRtree(right)
    i, j = tree.query(left, predicate="intersects")
    pairs = pd.DataFrame({"left": i, "right": j, "m2": shapely.area(shapely.intersection(left[i], right[j]))})
    return pairs[pairs["m2"] > 0].sort_values(["left", "right"], ignore_index=True)


def overlaps(shapes: np.ndarray) -> pd.DataFrame:
    """Return the pairs of one layer's polygons that overlap: positions ``larger, smaller`` and ``m2``, largest first.

    Of two equally large ones the later counts as the smaller.
    """
    tree = shapely.STRtree(shapes)
    i, j = tree.query(shapes, predicate="intersects")
    once = i < j
    i, j = i[once], j[once]
    # neighbours that only touch share no interior point: told apart without computing an overlay
    meet = shapely.relate_pattern(shapes[i], shapes[j], "T********")
    i, j = i[meet], j[meet]
    m2 = shapely.area(shapely.intersection(shapes[i], shapes[j]))
    area = shapely.area(shapes)
    swap = area[i] < area[j]
    pairs = pd.DataFrame({"larger": np.where(swap, j, i), "smaller": np.where(swap, i, j), "m2": m2})
    pairs = pairs[pairs["m2"] > NOTHING_M2]
    return pairs.sort_values(["m2", "larger", "smaller"], ascending=[False, True, True], ignore_index=True)


def without_overlaps(shapes: np.ndarray, pairs: pd.DataFrame) -> np.ndarray:
    """Return `shapes` with every overlap cut from the larger of the two: it belongs to the smaller.

    `pairs` are as :func:`overlaps` gives them. Null where smaller zones leave nothing.
    """
    cut = shapes.copy()
    for larger in pairs["larger"].unique():
        smaller = shapely.union_all(shapes[pairs["smaller"][pairs["larger"] == larger]])
        rest = polygon_parts(shapely.difference(shapes[larger], smaller))
        cut[larger] = None if rest.is_empty else rest
    return cut


def holes(shapes: np.ndarray) -> np.ndarray:
    """Return the areas of the holes in the union of polygons that are larger than a sliver, m², largest first."""
    union = shapely.union_all(shapes[~shapely.is_missing(shapes)])
    inner = [ring for part in shapely.get_parts(union) for ring in shapely.get_rings(part)[1:]]
    areas = np.sort(shapely.area(shapely.polygons(inner)))[::-1] if inner else np.empty(0)
    return areas[areas > SLIVER_M2]


def shape_notes(frame: gpd.GeoDataFrame, doubles: pd.DataFrame, level: str, file: str) -> list[Note]:
    """Return what the polygons of one partition level overlap (`doubles`, of :func:`overlaps`) and leave open."""
    words: dict[str, Any] = {"file": file, **level_words(level)}
    codes = frame["code"].to_numpy()
    seen, notes = doubles[doubles["m2"] > SLIVER_M2], list[Note]()
    if len(seen):
        first = seen.head(NAMED)[["smaller", "larger", "m2"]].to_numpy().tolist()
        pairs = "; ".join(f"{codes[int(one)]} / {codes[int(other)]} {square(m2)}" for one, other, m2 in first)
        total = square(seen["m2"].sum())
        notes.append(Note.of("zone_overlap", count=len(seen), total=total, pairs=pairs, **words))
    open_m2 = holes(frame.geometry.to_numpy())
    if len(open_m2):
        sizes: dict[str, Any] = {
            "count": len(open_m2),
            "total": square(open_m2.sum()),
            "largest": square(open_m2[0]),
        }
        notes.append(Note.of("zone_holes", severity="info", **sizes, **words))
    return notes


def square(m2: float) -> str:
    """Return an area as people read it.

    Examples
    --------
    >>> square(13_808_086), square(420.4), square(0.26)
    ('13.8 km²', '420 m²', '0.3 m²')
    """
    if m2 >= 1e5:
        return f"{m2 / 1e6:.1f} km²"
    return f"{m2:.0f} m²" if m2 >= 10 else f"{m2:.1f} m²"


def listing(code: str, things: Iterable[Any], field: str = "zones", /, **values: Any) -> list[Note]:  # noqa: ANN401
    """Return a note that counts things and names the first few of them in `field`; none where there is nothing."""
    named = list(things)
    words: dict[str, Any] = {"count": len(named), field: some(named), **values}
    return [Note.of(code, **words)] if named else []


def zone_codes(zone_ids: Iterable[Any]) -> list[str]:
    """Return the codes behind the levels of zone ids."""
    return [str(zone).partition("/")[2] for zone in zone_ids]


def some(names: Iterable[Any]) -> str:
    """Return the first few names, and that there are more.

    Examples
    --------
    >>> some(["a", "b"]), some(range(50))[-8:]
    ('a, b', '18, 19 …')
    """
    words = [str(name) for name in names]
    return ", ".join(words[:NAMED]) + (" …" if len(words) > NAMED else "")
