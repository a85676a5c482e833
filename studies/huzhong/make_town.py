"""Make the demo town: ``python studies/huzhong/make_town.py [FOLDER]``.

The town is illustrative: a seeded draw, not a survey of 呼中区. It writes ``studies/huzhong/`` (streets, population,
heights), ``data/boundaries/`` and ``data/facilities/`` under FOLDER (default: this project). The same seed gives the
same files. What is published and what is assumed is said in ``town_plan.py`` and ``data/README.md``.
"""

import argparse
from pathlib import Path

import numpy as np
import shapely
import town_write as write
from shapely import Point, Polygon, STRtree
from town_ground import Town
from town_plan import (
    CHILD_COLUMNS,
    CHILDCARE,
    COMMUNITIES,
    ELDER_COLUMNS,
    ELDERCARE,
    ESTATE_COLUMNS,
    ESTATES,
    HILLS,
    LIVED_IN,
    PEOPLE_PER_HOUSEHOLD,
    SEED,
    TOWNS,
)
from town_streets import on_hill, river_polygon, river_y

#: Grid of the rasters: about 100 m x 100 m at 52 N; far enough out that nothing ends within two circles of the town.
CELL = (0.0015, 0.0009)
WEST, NORTH, SHAPE = 123.507, 52.0805, (90, 84)
#: A hamlet outside the study area: its people walk, but are in no sum.
HAMLET = (-2900.0, -650.0, 60.0)


def communities(town: Town) -> dict[str, Polygon]:
    """Return each community's polygon: the blocks nearest to its middle on its side of the river."""
    middles = np.array([(c.x, c.y) for c in COMMUNITIES])
    north = middles[:, 1] > river_y(middles[:, 0])
    blocks: dict[str, list[Polygon]] = {c.code: [] for c in COMMUNITIES}
    for seed, block, walled in zip(town.seeds, town.blocks, town.walled, strict=True):
        away = np.hypot(*(middles - seed).T) + np.where(north == (seed[1] > river_y(seed[0])), 0, 1e6)
        at = "HZ0104" if walled else COMMUNITIES[int(np.argmin(away))].code
        blocks[at].append(shapely.set_precision(block, 0.001))
    return {code: shapely.union_all(parts, grid_size=0.001) for code, parts in blocks.items()}


def grid_metres() -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the rasters' cell centres, metres from the middle; each of shape SHAPE."""
    place = write.to_lonlat()
    east, north = place(1000.0, 0.0), place(0.0, 1000.0)
    middle = place(0.0, 0.0)
    lon = WEST + CELL[0] * (np.arange(SHAPE[1]) + 0.5)
    lat = NORTH - CELL[1] * (np.arange(SHAPE[0]) + 0.5)
    x = (lon - middle[0]) / (east[0] - middle[0]) * 1000
    y = (lat - middle[1]) / (north[1] - middle[1]) * 1000
    return np.meshgrid(x, y)


def people(town: Town, zones: dict[str, Polygon], rng: np.random.Generator) -> np.ndarray:
    """Return residents a cell, float32: near the given totals, as an outside grid would be (off by up to 20 %).

    Estates hold as many people as their households say; the rest of a community lives round the cores.
    """
    x, y = grid_metres()
    core = np.min([np.hypot(x - cx, y - cy) for cx, cy in LIVED_IN], axis=0)
    weight = (np.exp(-core / 450) + 0.06) * rng.gamma(3.0, 1 / 3, size=SHAPE)
    points = shapely.points(x, y)
    hill = np.vectorize(on_hill)(x, y)
    weight[hill | shapely.intersects(river_polygon(), points)] = 0
    half = (x[0, 1] - x[0, 0]) / 2, (y[0, 0] - y[1, 0]) / 2
    squares = shapely.box(x - half[0], y - half[1], x + half[0], y + half[1])
    cells = np.zeros(SHAPE)
    for c in COMMUNITIES:
        within = shapely.contains(zones[c.code], points)
        near_truth = rng.uniform(0.8, 1.2)
        rest = float(c.residents)
        for row in (row for row in ESTATES if row[2] == c.name):
            home = town.estates[row[0]]
            lived_in = row[5] * PEOPLE_PER_HOUSEHOLD
            rest -= lived_in
            cells += shapely.area(shapely.intersection(squares, home)) / home.area * lived_in * near_truth
        cells[within] += weight[within] / weight[within].sum() * rest * near_truth
    hamlet = np.unravel_index(np.argmin(np.hypot(x - HAMLET[0], y - HAMLET[1])), SHAPE)
    cells[hamlet] = HAMLET[2]
    return np.round(cells, 2).astype("float32")


def heights() -> np.ndarray:
    """Return heights a cell, whole metres: a valley floor that rises from the river, and two hills."""
    x, y = grid_metres()
    ground = 480 + 0.006 * np.abs(y - river_y(x)) - 0.002 * x
    for hx, hy, radius, rise in HILLS:
        ground += rise * np.exp(-(((x - hx) ** 2 + (y - hy) ** 2) / (0.6 * radius) ** 2))
    return np.round(ground).astype("int16")


def beside_street(town: Town, x: float, y: float) -> tuple[float, float]:
    """Return the point 9 m off the street nearest to (x, y), on its side."""
    lines = [
        shapely.LineString([town.ground.points[p] for p in points])
        for points, tags in town.ground.streets
        if tags.get("access") != "private"
    ]
    line = lines[int(STRtree(lines).nearest(Point(x, y)))]
    foot = line.interpolate(line.project(Point(x, y)))
    away = max(float(np.hypot(x - foot.x, y - foot.y)), 1e-9)
    return foot.x + (x - foot.x) / away * 9, foot.y + (y - foot.y) / away * 9


def register(town: Town, rows: tuple[tuple, ...], *, at: int, shift: object) -> list[list[object]]:
    """Return register rows with the place in column `at` turned into two columns of degrees in the register's datum."""
    place = write.to_lonlat()
    out = []
    for row in rows:
        lonlat: list[object] = [None, None]
        if row[at] is not None:
            lonlat = [round(v, 6) for v in shift(*place(*beside_street(town, *row[at])))]  # type: ignore[operator]
        out.append([*row[:at], *lonlat, *row[at + 1 :]])
    return out


def boundaries(town: Town, zones: dict[str, Polygon], folder: Path) -> None:
    """Write district, towns, communities, estates and river."""
    place = write.to_lonlat()
    rows = [
        (
            {
                "社区编码": c.code, "社区名称": c.name, "所属镇": c.town, "类型": c.kind,
                "常住人口": c.residents, "60岁及以上": c.elders_60, "户数": c.households,
            },
            zones[c.code],
        )
        for c in COMMUNITIES
    ]  # fmt: skip
    write.geojson(folder / "huzhong_communities.geojson", rows, place)
    towns = [
        (
            {"镇编码": code, "镇名称": name, "所属区": "呼中区", "类型": "镇"},
            shapely.union_all([zones[c.code] for c in COMMUNITIES if c.town == name], grid_size=0.001),
        )
        for code, name in TOWNS.items()
    ]
    write.geojson(folder / "huzhong_towns.geojson", towns, place)
    district = shapely.union_all(list(zones.values()), grid_size=0.001)
    write.geojson(
        folder / "huzhong_district.geojson", [({"区编码": "HZ", "区名称": "呼中区"}, district)], place
    )
    estates = [(dict(zip(ESTATE_COLUMNS, row, strict=False)), town.estates[row[0]]) for row in ESTATES]
    write.geojson(folder / "huzhong_estates.geojson", estates, place)
    river = river_polygon().intersection(shapely.box(-4600, -4200, 4600, 4200))
    write.geojson(folder / "huzhong_river.geojson", [({"名称": "呼玛河（示意）"}, river)], place)


def make(folder: Path) -> None:
    """Write every file of the town under `folder`."""
    study, zone_folder, facility_folder = (
        folder / p for p in ("studies/huzhong", "data/boundaries", "data/facilities")
    )
    for each in (study, zone_folder, facility_folder):
        each.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    town = Town(rng)
    zones = communities(town)
    place = write.to_lonlat()
    nodes = [place(*xy) for xy in town.ground.points]
    write.osm(study / "streets.osm", nodes, town.ground.node_tags, town.ground.streets)
    write.raster(
        study / "population.tif", people(town, zones, rng), west=WEST, north=NORTH, cell=CELL, nodata=-1
    )
    write.raster(study / "elevation.tif", heights(), west=WEST, north=NORTH, cell=CELL, nodata=-32768)
    boundaries(town, zones, zone_folder)
    elders = register(town, ELDERCARE, at=5, shift=write.gcj02)
    write.xlsx(facility_folder / "huzhong_eldercare_register.xlsx", "养老服务设施", ELDER_COLUMNS, elders)
    children = register(town, CHILDCARE, at=4, shift=write.bd09)
    write.table(
        facility_folder / "huzhong_childcare_register_gb18030.csv",
        CHILD_COLUMNS,
        children,
        encoding="gb18030",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the demo town")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    make(parser.parse_args().folder)
