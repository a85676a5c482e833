"""A town small enough to be counted by hand, and what geoplan says of it.

Two communities of one square kilometre beside each other, W and E; 10 people in each hectare, a fifth of them elders; streets every 100 m, no
two of which are equally near to the middle of a hectare; one day-care centre with 30 beds at a crossing in the middle of W. 1,000 people live
in each community, and `COVERED` of 400 elders walk to the centre in 15 minutes at 4 km/h.
"""

import copy
import csv
import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import yaml
from shapely import LineString, Point, box

import geoplan as gp
from geoplan.words.errors import GeoplanError

CRS = "EPSG:4547"
#: South-west corner; side of a community; distance of streets and side of a cell, metres.
WEST, SOUTH, SIDE, STEP = 540_000.0, 3_390_000.0, 1_000.0, 100.0
#: Where streets begin, and the crossing at which the centre stands.
FIRST = (20.0, 30.0)
HOME = (520.0, 530.0)
PEOPLE, ELDERS = 10.0, 0.2
#: Elders in the circle: the nearest street lies 20 m south of a hectare's middle, 1,000 m are walked along streets.
COVERED = sum(
    PEOPLE * ELDERS
    for x in range(50, 2000, 100)
    for y in range(30, 1000, 100)
    if 20 + abs(x - HOME[0]) + abs(y - HOME[1]) <= 1000
)

STUDY = {
    "name": "小例",
    "year": 2025,
    "zones": [
        {"level": "district", "file": "district.geojson", "id": "code", "name": "name"},
        {"level": "town", "file": "town.geojson", "id": "code", "name": "name"},
        {
            "level": "community", "file": "zones.geojson", "id": "code", "name": "name", "parent": "town",
            "totals": {"residents": "pop"},
        },
    ],
    "streets": {"file": "streets.geojson", "datum": CRS},
    "population": {"residents": {"raster": "pop.tif", "year": 2025}, "elders_60": {"of": "residents", "rate": ELDERS}},
    "facilities": [{"file": "homes.csv", "datum": "wgs84", "type": "elder_day_care"}],
    "services": {
        "eldercare": {"facilities": ["elder_day_care"], "group": "elders_60", "walk_minutes": 15, "walk_kmh": 4.0}
    },
    "papers": [],
}  # fmt: skip


def lonlat(x, y):
    """Return longitude and latitude of metres east and north of the corner, to 1e-9 degrees."""
    at = gpd.GeoSeries([Point(WEST + x, SOUTH + y)], crs=CRS).to_crs(4326).iloc[0]
    return round(at.x, 9), round(at.y, 9)


def zone_layer(crs=4326):
    """Return the communities W and E."""
    columns = {"code": ["W", "E"], "name": ["西社区", "东社区"], "town": ["示例镇"] * 2, "pop": [1000, 1000]}
    squares = [box(WEST + i * SIDE, SOUTH, WEST + (i + 1) * SIDE, SOUTH + SIDE) for i in (0, 1)]
    return gpd.GeoDataFrame(columns, geometry=squares, crs=CRS).to_crs(crs)


def street_layer():
    """Return the streets, each with a vertex at every crossing."""
    along, across = np.arange(FIRST[0], 2 * SIDE, STEP), np.arange(FIRST[1], SIDE, STEP)
    lines = [LineString([(WEST + x, SOUTH + y) for y in across]) for x in along]
    lines += [LineString([(WEST + x, SOUTH + y) for x in along]) for y in across]
    return gpd.GeoDataFrame({"highway": ["residential"] * len(lines)}, geometry=lines, crs=CRS)


def write_raster(path, cells, *, step=STEP, west=WEST, north=SOUTH + SIDE, crs=CRS, **profile):
    """Write cells of shape (rows, columns) or (bands, rows, columns) as a GeoTIFF."""
    bands = np.atleast_3d(cells) if np.ndim(cells) == 3 else np.asarray(cells)[None]
    words = {"driver": "GTiff", "dtype": "float32", "nodata": -99999.0, "crs": crs, **profile}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(
            path, "w", width=bands.shape[2], height=bands.shape[1], count=bands.shape[0],
            transform=rasterio.transform.from_origin(west, north, step, step), **words,
        ) as file:  # fmt: skip
            file.write(bands.astype(words["dtype"]))


def write_csv(path, rows, *, encoding="utf-8-sig", delimiter=","):
    """Write rows of cells, the first being the header."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


class SmallTown:
    """The town's files in a folder, and its study as a plain mapping to be changed."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.study = copy.deepcopy(STUDY)
        zones = zone_layer()
        whole = zones.union_all().envelope
        zones.to_file(self.folder / "zones.geojson", driver="GeoJSON")
        for level, code, name in (("district", "D", "示例区"), ("town", "T", "示例镇")):
            layer = gpd.GeoDataFrame({"code": [code], "name": [name]}, geometry=[whole], crs=4326)
            layer.to_file(self.folder / f"{level}.geojson", driver="GeoJSON")
        self.write_streets(street_layer())
        write_raster(self.folder / "pop.tif", np.full((10, 20), PEOPLE))
        self.write_homes(
            ["机构名称", "所属社区", "经度", "纬度", "床位数"],
            ["一号日间照料中心", "西社区", *lonlat(*HOME), 30],
        )

    def path(self, name):
        return self.folder / name

    def write_streets(self, layer, name="streets.geojson"):
        """Write streets as GeoJSON, in whatever CRS they are."""
        features = {"type": "FeatureCollection", "features": list(layer.iterfeatures())}
        (self.folder / name).write_text(json.dumps(features, ensure_ascii=False), encoding="utf-8")

    def write_homes(self, *rows, name="homes.csv", **how):
        write_csv(self.folder / name, rows, **how)

    def write(self):
        """Write the study; return its path."""
        path = self.folder / "study.yaml"
        path.write_text(yaml.safe_dump(self.study, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    def seen(self):
        return seen(self.write())


@dataclass(frozen=True)
class Seen:
    """What geoplan says of a study: an error with its codes, or figures with the codes of what it notes.

    `figures` holds people and elders by community (``people.W``), covered elders (``covered``), beds (``beds``), facilities.
    """

    codes: frozenset[str]
    severities: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    text: str = ""

    @property
    def is_error(self):
        return not self.figures

    def loud(self):
        """Return the codes that warn or refuse."""
        return {code for code, how in self.severities.items() if how in ("warning", "error")}


def seen(path):
    """Run a study in this process; nothing but a GeoplanError may come out of it."""
    try:
        outcome = gp.run(gp.read_study(path)).outcome
    except GeoplanError as error:
        notes = [note for note in error.notes if not isinstance(note, str)]
        return Seen(
            frozenset(note.code for note in notes),
            {note.code: "error" for note in notes},
            text=error.text("zh"),
        )
    return of_outcome(outcome)


def of_outcome(outcome):
    """Return what an outcome holds, in figures that can be counted by hand."""
    inside = outcome.demand[~outcome.demand["halo"]]
    figures = {}
    for group in set(inside.columns) & set(outcome.groups.index):
        figures |= {
            f"{group}.{zone.partition('/')[2]}": value
            for zone, value in inside.groupby("zone_id")[group].sum().items()
        }
        figures[group] = inside[group].sum()
    table = outcome.circle[outcome.circle["kind"] == ""].set_index(["service", "measure", "zone_id"])[
        "covered"
    ]
    figures |= {
        f"covered.{service}": value
        for (service, measure, zone), value in table.items()
        if measure == "network" and zone == "area/area"
    }
    supplies = outcome.supplies.reset_index()
    for name, rows in supplies.groupby("supply"):
        figures |= {f"{name}.low": rows["low"].sum(), f"{name}.high": rows["high"].sum()}
    figures["facilities"] = float(len(outcome.facilities))
    worst = {}
    for row in outcome.warnings.itertuples():
        worst[row.code] = (
            "error"
            if "error" in (row.severity, worst.get(row.code))
            else "warning"
            if "warning" in (row.severity, worst.get(row.code))
            else "info"
        )
    return Seen(frozenset(worst), worst, figures)
