"""Write the demo town's files so that the same town gives the same bytes."""

import csv
import datetime as dt
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import rasterio
import xlsxwriter
from pyproj import Transformer
from rasterio.transform import Affine
from shapely import Polygon
from shapely.geometry import MultiPolygon
from town_plan import CRS, MIDDLE

Place = Callable[[float, float], tuple[float, float]]


def to_lonlat() -> Place:
    """Return the function from metres from the middle to WGS 84 degrees, rounded to 1e-7 (1 cm)."""
    forth = Transformer.from_crs(4326, CRS, always_xy=True)
    back = Transformer.from_crs(CRS, 4326, always_xy=True)
    x0, y0 = forth.transform(*MIDDLE)

    def place(x: float, y: float) -> tuple[float, float]:
        lon, lat = back.transform(x0 + x, y0 + y)
        return round(lon, 7), round(lat, 7)

    return place


def gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return a WGS 84 point in GCJ-02, by the published approximation (Krasovsky 1940 ellipsoid), degrees."""
    a, e2 = 6378245.0, 0.00669342162296594323
    x, y = lon - 105.0, lat - 35.0
    waves = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (waves + 20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (waves + 20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    phi = math.radians(lat)
    curve = 1 - e2 * math.sin(phi) ** 2
    dlat = north * 180 / (a * (1 - e2) / (curve * math.sqrt(curve)) * math.pi)
    dlon = east * 180 / (a / math.sqrt(curve) * math.cos(phi) * math.pi)
    return lon + dlon, lat + dlat


def bd09(lon: float, lat: float) -> tuple[float, float]:
    """Return a WGS 84 point in BD-09, by the published approximation, degrees."""
    lon, lat = gcj02(lon, lat)
    turn = math.pi * 3000 / 180
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * turn)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * turn)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def osm(
    path: Path,
    nodes: Sequence[tuple[float, float]],
    node_tags: dict[int, dict[str, str]],
    ways: Iterable[tuple[list[int], dict[str, str]]],
) -> None:
    """Write an OSM XML file; ids count from 1."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<osm version="0.6" generator="geoplan demo town (synthetic)">',
    ]
    lons, lats = zip(*nodes, strict=True)
    lines.append(
        f' <bounds minlat="{min(lats)}" minlon="{min(lons)}" maxlat="{max(lats)}" maxlon="{max(lons)}"/>'
    )
    stamp = 'version="1" timestamp="2023-03-07T00:00:00Z"'
    for number, (lon, lat) in enumerate(nodes):
        head = f' <node id="{number + 1}" {stamp} lat="{lat:.7f}" lon="{lon:.7f}"'
        tags = node_tags.get(number)
        lines += [head + "/>"] if not tags else [head + ">", *_tags(tags), " </node>"]
    for number, (points, tags) in enumerate(ways, start=1):
        refs = "".join(f'<nd ref="{p + 1}"/>' for p in points)
        lines += [f' <way id="{number}" {stamp}>', "  " + refs, *_tags(tags), " </way>"]
    path.write_bytes("\n".join([*lines, "</osm>", ""]).encode("utf-8"))


def _tags(tags: dict[str, str]) -> list[str]:
    return [f"  <tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in sorted(tags.items())]


def geojson(path: Path, rows: Iterable[tuple[dict[str, Any], Polygon | MultiPolygon]], place: Place) -> None:
    """Write polygons as GeoJSON (WGS 84), one feature a line."""
    features = []
    for properties, shape in rows:
        parts = list(shape.geoms) if isinstance(shape, MultiPolygon) else [shape]
        rings = [
            [[list(place(*xy)) for xy in ring.coords] for ring in (p.exterior, *p.interiors)] for p in parts
        ]
        geometry = (
            {"type": "MultiPolygon", "coordinates": rings}
            if len(parts) > 1
            else {"type": "Polygon", "coordinates": rings[0]}
        )
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        features.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"
    path.write_bytes(text.encode("utf-8"))


def xlsx(path: Path, sheet: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a register as a planner keeps it: one sheet, headers in row 1, fixed dates."""
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": "示例台账（演示数据）", "created": dt.datetime(2023, 3, 7, tzinfo=dt.UTC)})
    page = book.add_worksheet(sheet)
    bold = book.add_format({"bold": True})
    page.write_row(0, 0, columns, bold)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if value is not None and value != "":
                page.write(number, column, value)
    page.freeze_panes(1, 1)
    page.set_column(0, len(columns) - 1, 13)
    book.close()


def table(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], *, encoding: str = "utf-8-sig"
) -> None:
    """Write a CSV file with Windows line ends, as offices keep them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([["" if v is None else v for v in row] for row in rows])
    path.write_bytes(text.getvalue().encode(encoding))


def raster(
    path: Path, values: np.ndarray, *, west: float, north: float, cell: tuple[float, float], nodata: float
) -> None:
    """Write a small compressed GeoTIFF in WGS 84, north up."""
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype=values.dtype,
        crs="EPSG:4326", transform=Affine(cell[0], 0, west, 0, -cell[1], north), nodata=nodata,
        compress="deflate", predictor=2 if values.dtype.kind == "i" else 3,
    ) as file:  # fmt: skip
        file.write(values, 1)
