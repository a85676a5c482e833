"""A small town, judged by the functions that a run calls, for every room that draws or writes an outcome.

A grid of 4 x 3 communities of 500 m in two districts of two towns each, streets on the grid's lines, 16 demand points a community
and 8 in the halo. Every community has 1,600 residents and 40 under-threes, and 16 x (20 + column + row) elders: 4,320 in all.
"""

import dataclasses
import functools
import itertools
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import yaml
from shapely.geometry import LineString, Point, box

from geoplan.inputs.datum.fit import Judgement
from geoplan.inputs.facilities import Register
from geoplan.inputs.population import People
from geoplan.pipeline.evaluate import compute, outcome_of
from geoplan.pipeline.gather import Inputs
from geoplan.standards.packs.read import read_pack
from geoplan.study.study import read_study
from geoplan.tables import ANSWERS, CANDIDATES, GROUND, PROJECTS, SITES, UNMET, Source
from geoplan.words.errors import Note

CRS = "EPSG:4547"
X0, Y0, SIDE, COLUMNS, ROWS = 528_000.0, 3_385_000.0, 500.0, 4, 3
NASTY = "</script><img src=x onerror=\"document.title='hacked'\">'&`${1}"
NAMES = ["向阳", "北秀", "东升", "南湖", "西苑", "中兴", "春晖", "和平", "建设", "胜利", "长青", "兴华"]
TOWNS = ["临江街道", "学府街道", "湖滨街道", "新村街道"]
BEDS, PLACES = "wuhan.beds_per_1000_elders", "wuhan.places_per_1000_residents"
CIRCLE_E, CIRCLE_C = "wuhan.circle_eldercare", "study.circle_childcare"
PRESENCE, NURSING = "wuhan.urban_community_childcare", "wuhan.nursing_bed_share"
E, C = "eldercare_register.xlsx", "childcare_register.csv"

STUDY = """
name: 示范区一老一小设施评价
year: 2025
zones: [{level: community, file: communities.gpkg, id: code, name: name}]
streets: {file: streets.parquet, island_nodes: 2}
population: {residents: {rake_to: community}, elders_60: {rake_to: community}, under_3: {of: residents, rate: 0.025}}
facilities:
  - {file: eldercare_register.xlsx, types: {养老机构: elder_home, 日间照料室: elder_day_care}}
  - {file: childcare_register.csv, types: {托育机构: childcare, 幼儿园托班: kindergarten_class}}
services:
  eldercare: {facilities: [elder_home, elder_day_care], group: elders_60, walk_minutes: 15, walk_kmh: 4.0}
  childcare: {facilities: [childcare, kindergarten_class], group: under_3, walk_minutes: 15, walk_kmh: 4.0}
packs: [wuhan.yaml]
"""


@functools.cache
def _study_file():
    """Write the study and five rules of the shipped pack, which keeps its name; return the study's path."""
    folder = Path(tempfile.mkdtemp())
    told, wanted = read_pack("wuhan").entries, (BEDS, PLACES, CIRCLE_E, PRESENCE, NURSING)
    kept = [rule for rule in told["rules"] if f"wuhan.{rule['id']}" in wanted]
    pack = yaml.safe_dump(told | {"rules": kept}, allow_unicode=True)
    (folder / "wuhan.yaml").write_text(pack, encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder / "study.yaml"


def make_outcome(*, lang="zh", synthetic=True, nasty=False):
    """Return the town's outcome; `nasty` puts text that must be escaped into every name."""
    more = NASTY if nasty else ""
    study = read_study(_study_file()).changed(lang=lang, synthetic=synthetic)
    study = study.changed(name=study.name + more)
    zones, nodes = _zones(more), _nodes()
    demand, register = _demand(), _register(more)
    inputs = Inputs(
        study=study, crs=pyproj.CRS(CRS), zones=zones, nodes=nodes, edges=_streets(nodes), register=register,
        register_types=study.register_types(),
        people=People(
            demand, pd.DataFrame({"demand_id": [], "zone_id": [], "share": []}), _groups(demand), (), (),
            without_raster=pd.Series(0.0, zones.index), unknown=pd.Series([()] * len(zones), zones.index), covered=zones["covered_share"],
        ),
        barriers=None, ground=GROUND.empty_shapes(CRS), land=None, projects=PROJECTS.empty_shapes(CRS), zone_supplies=None, datums=Judgement((), (), ()), sources=SOURCES,
        notes=(Note.of("duplicate_same_name", file=E, row=6, kept=2, name="无坐标养老院" + more),),
    )  # fmt: skip
    return outcome_of(compute(inputs))


def flags_of(outcome, rule=None):
    """Return the flags of communities, of one rule or of all, and those of them that are short."""
    flags = outcome.flags[outcome.flags["zone_id"].str.startswith("community")]
    flags = flags if rule is None else flags[flags["rule_id"] == rule]
    return flags, flags[flags["flagged"].fillna(value=False)]


SOURCES = (
    Source("zones", "communities.gpkg", "a" * 64, 4096, 12, "wgs84"),
    Source("streets", "streets.parquet", "b" * 64, 8192, 31, "wgs84", "OpenStreetMap, ODbL"),
    Source("population", "elders_60.tif", "c" * 64, 2048, None, "wgs84", "WorldPop, CC BY 4.0"),
    Source("facilities", E, "d" * 64, 1024, 6, "gcj02"),
    Source("facilities", C, "e" * 64, 512, 4, "bd09"),
)


def _cells():
    return [
        (column, row, box(x, y, x + SIDE, y + SIDE))
        for row, column in itertools.product(range(ROWS), range(COLUMNS))
        for x, y in [(X0 + column * SIDE, Y0 + row * SIDE)]
    ]


def _zones(more):
    def wide(first, columns):
        return box(X0 + first * SIDE, Y0, X0 + (first + columns) * SIDE, Y0 + ROWS * SIDE)

    rows = [("area", "area", "示范区", None, wide(0, COLUMNS))]
    rows += [
        ("district", f"D{d + 1}", name, "area/area", wide(2 * d, 2))
        for d, name in enumerate(["东城区", "西城区"])
    ]
    rows += [
        ("town", f"T{c + 1}", name, f"district/D{c // 2 + 1}", wide(c, 1)) for c, name in enumerate(TOWNS)
    ]
    rows += [
        ("community", f"C{number:02d}", f"{name}社区", f"town/T{column + 1}", shape)
        for number, (name, (column, _, shape)) in enumerate(zip(NAMES, _cells(), strict=True), start=1)
    ]
    rows = [
        (f"{level}/{code}", level, name, code, parent, shape) for level, code, name, parent, shape in rows
    ]
    columns = ["zone_id", "level", "name", "code", "parent_id", "geometry"]
    table = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=CRS).set_index("zone_id")
    fine = table["level"] == "community"
    return table.assign(
        name=table["name"] + more, kind=[frozenset({"urban"} if own else ()) for own in fine], covered_share=1.0, edge=False,
        given_residents=np.where(fine, 1600.0, np.nan),
    )  # fmt: skip


def _demand():
    rows = []
    for number, (column, row, shape) in enumerate(_cells(), start=1):
        west, south, _, _ = shape.bounds
        for i, j in itertools.product(range(4), range(4)):
            point = Point(west + 62.5 + 125 * i, south + 62.5 + 125 * j)
            rows.append((f"community/C{number:02d}", False, 20.0 + column + row, point))
    rows += [(None, True, 20.0, Point(X0 - 100, Y0 + 100 + 150 * i)) for i in range(8)]
    table = gpd.GeoDataFrame(
        rows, columns=["zone_id", "halo", "elders_60", "geometry"], geometry="geometry", crs=CRS
    )
    table.index = pd.RangeIndex(len(table), name="demand_id")
    return table.assign(source="elders_60.tif", cell=range(len(table)), residents=100.0, under_3=2.5)


def _groups(demand):
    names = ["residents", "elders_60", "under_3"]
    return pd.DataFrame(
        {
            "label": ["常住人口", "60岁及以上老年人口", "3岁以下婴幼儿"], "basis": "常住", "year": 2010,
            "total": demand.loc[~demand["halo"], names].sum().to_numpy(), "expected": np.nan,
            "source": ["adults_20.tif", "elders_60.tif", "residents × 0.025"],
        },
        index=pd.Index(names, name="group"),
    )  # fmt: skip


def _nodes():
    rows = [(X0 + c * SIDE, Y0 + r * SIDE) for r, c in itertools.product(range(ROWS + 1), range(COLUMNS + 1))]
    return pd.DataFrame(rows, columns=["x", "y"])


def _streets(nodes):
    rows = []
    for r, c in itertools.product(range(ROWS + 1), range(COLUMNS + 1)):
        u = r * (COLUMNS + 1) + c
        rows += [(u, u + 1, "primary" if r == 1 else "residential")] if c < COLUMNS else []
        rows += [(u, u + COLUMNS + 1, "residential")] if r < ROWS else []
    lines = [LineString(nodes.loc[[u, v]].to_numpy()) for u, v, _ in rows]
    table = gpd.GeoDataFrame(rows, columns=["u", "v", "highway"], geometry=lines, crs=CRS)
    table.index = pd.RangeIndex(len(table), name="edge_id")
    return table.assign(access="open", name="")


#: Register and row, name, type, status, first and last year, zone, how it was placed, metres from the corner, run by the state, and
#: what the register says of its supplies.
_REGISTERS = (
    (E, 2, "江城颐养院", "elder_home", "existing", 2015, None, "community/C01", "exact", (250, 250), True, {"beds": 120, "nursing_beds": 80}),
    (E, 3, "学府社区养老服务站", "elder_day_care", "existing", 2019, None, "community/C02", "exact", (800, 300), True, {"beds": 10}),
    (E, 4, "湖滨护理院", "elder_home", "building", 2026, None, "community/C07", "approximate", (1300, 700), False, {"beds": 80}),
    (E, 5, "长青养老院", "elder_home", "planned", 2028, None, "community/C11", "exact", (1200, 1250), pd.NA, {"beds": 200}),
    (E, 6, "无坐标养老院", "home_care", "existing", 2012, None, "town/T3", "missing", None, False, {"beds": None}),
    (E, 7, "停用养老院", "elder_home", "closed", 2001, 2023, "community/C05", "exact", (300, 800), False, {"beds": 30}),
    (E, 8, "城西养老院", "elder_home", "existing", 2018, None, None, "exact", (-150, 900), False, {"beds": None}),
    (C, 2, "向阳托育中心", "childcare", "existing", 2020, None, "community/C01", "exact", (150, 420), True, {"places": 24}),
    (C, 3, "北秀幼儿园托班", "kindergarten_class", "existing", 2021, None, "community/C02", "exact", (700, 100), True, {"places": 12}),
    (C, 4, "和平托育园", "childcare", "existing", None, None, "community/C08", "exact", (1700, 800), False, {"places": 25}),
    (C, 5, "坐标有误托育园", "home_childcare", "existing", 2022, None, "district/D2", "rejected", None, pd.NA, {"places": 18}),
)  # fmt: skip


def _register(more):
    rows = pd.DataFrame(
        [row[:11] for row in _REGISTERS],
        columns=["source_file", "source_row", "name", "type", "status", "open_year", "close_year", "zone_id", "location_quality", "at", "public"],
        index=pd.Index([f"{row[0]}#{row[1]}" for row in _REGISTERS], name="facility_id"),
    )  # fmt: skip
    at = rows.pop("at")
    rows = rows.assign(
        name=rows["name"] + more, services=[(kind,) for kind in rows.pop("type")], zone_from=["named" if p is None else "point" for p in at],
        serves=[()] * len(rows), open_year=rows["open_year"].astype(float), close_year=rows["close_year"].astype(float),
        public=rows["public"].astype("boolean"), registered=pd.array([True] * len(rows), dtype="boolean"),
        address=[f"示范路{number}号" for number in range(1, len(rows) + 1)],
    )  # fmt: skip
    every = gpd.GeoDataFrame(
        rows, geometry=[None if p is None else Point(X0 + p[0], Y0 + p[1]) for p in at], crs=CRS
    )
    supplies = pd.DataFrame(
        [
            (f"{row[0]}#{row[1]}", row[3], supply, amount or 0.0, np.inf if amount is None else float(amount))
            for row in _REGISTERS
            for supply, amount in row[11].items()
        ],
        columns=["facility_id", "service", "supply", "low", "high"],
    )
    here = every["status"] == "existing"
    counts = every[here]
    lost = counts[counts.geometry.isna()]
    return Register(
        facilities=counts,
        supplies=supplies[supplies["facility_id"].isin(counts.index)].reset_index(drop=True),
        unplaced=pd.DataFrame(
            {
                "name": lost["name"], "services": lost["services"], "address": "", "zone_id": lost["zone_id"], "zone_names": "",
                "beds": np.nan, "places": np.nan, "reason": None, "location_quality": lost["location_quality"], "match": None,
                "matched_name": "", "lon": np.nan, "lat": np.nan, "source_file": lost["source_file"], "source_row": lost["source_row"],
            }
        ),
        reconciliation=pd.DataFrame(
            {
                "file": [E, C], "rows": [7, 4], "closed": [1, 0], "duplicate": [0, 0], "not_placed": [1, 1], "in_run": [3, 3],
                "beds_rows": [440.0, 0.0], "beds_closed": [30.0, 0.0], "beds_duplicate": 0.0, "beds_not_placed": 0.0,
                "beds_in_run": [130.0, 0.0], "places_rows": [0.0, 79.0], "places_closed": 0.0, "places_duplicate": 0.0,
                "places_not_placed": [0.0, 18.0], "places_in_run": [0.0, 61.0],
            }
        ),
        left_out=every[~here].assign(end=["building", "planned", "closed"]),
        notes=(),
    )  # fmt: skip


# --- projects -------------------------------------------------------------------------------------------------------


def project_list(*rows):
    """Return a project list of rows that say what they know: the rest is not known, and a row without a point has none."""
    table = gpd.GeoDataFrame(
        [{"works": "", "extends": "", "services": (), "zone_id": None, "cost_from": "", "funds": "", "unit": "", "serves": (), "indicators": (),
          "location_quality": "exact" if "geometry" in row else "missing", "source_file": "projects.xlsx", "source_row": number,
          "geometry": None, **dict.fromkeys(AMOUNTS, np.nan)} | row for number, row in enumerate(rows, start=2)],
        geometry="geometry", crs=CRS,
    )  # fmt: skip
    table.index = pd.Index([f"projects.xlsx#{row}" for row in table["source_row"]], name="project_id")
    return table


#: What a project may say in numbers.
AMOUNTS = (
    "beds", "nursing_beds", "places", "inclusive_places", "floor_area_m2", "facilities", "cost", "start_year", "open_year",
)  # fmt: skip


def support_rows(*rows):
    """Return rows of SUPPORT; a value without an upper end is known, a shortfall that is not said is none."""
    made = [
        {"zone_id": "area/area", "shortfall_before": np.nan, "shortfall_after": np.nan, "projects": ()}
        | {f"actual_high_{side}": row[f"actual_{side}"] for side in ("before", "after")}
        | row
        for row in rows
    ]
    return pd.DataFrame(made)


def with_projects(outcome):
    """Return `outcome` with a home at a place, a nursery without one, what they meet, and whom places given out once serve."""
    projects = project_list(
        {
            "name": "甲养老院", "works": "new", "services": ("elder_home",), "beds": 100.0, "nursing_beds": 60.0, "floor_area_m2": 3000.0,
            "facilities": 1.0, "cost": 2500.4, "cost_from": "stated", "funds": "财政", "start_year": 2024.0, "open_year": 2025.0,
            "unit": "区民政局", "zone_id": "community/C01", "serves": ("community/C01", "community/C02"), "indicators": (PLACES,),
            "geometry": Point(528_300.0, 3_385_400.0),
        },
        {
            "name": "乙托育园", "works": "extend", "services": ("childcare",), "places": 50.0, "inclusive_places": 30.0,
            "facilities": 1.0, "open_year": 2026.0,
        },
    )  # fmt: skip
    support = support_rows(
        {
            "rule_id": PLACES, "verdict_before": "not_met", "verdict_after": "met", "actual_before": 4.1, "actual_after": 4.6,
            "required": 4.5, "shortfall_before": 8.0, "unit": "places", "projects": ("projects.xlsx#3",),
        },
        {
            "rule_id": NURSING, "verdict_before": "not_met", "verdict_after": "no_data", "actual_before": 0.5, "actual_after": 0.6,
            "actual_high_before": 0.53, "actual_high_after": np.inf, "required": 0.65, "shortfall_before": 20.0, "shortfall_after": 7.0,
            "unit": "beds", "projects": ("projects.xlsx#2", "gone"),
        },
    )  # fmt: skip
    served = pd.DataFrame(
        {
            "service": ["childcare", "eldercare", "eldercare"], "zone_id": ["area/area", "town/T1", "area/area"],
            "need": [0.0, 50.0, 200.0], "served_low": [0.0, 20.0, 120.0], "served_high": [0.0, 20.0, 150.0],
            "without_place": [0.0, 25.0, 60.0], "outside": [0.0, 5.0, 10.0],
            "off_network": [0.0, 0.0, 10.0],
        }
    )  # fmt: skip
    return dataclasses.replace(outcome, projects=projects, support=support, served=served)


# --- siting ---------------------------------------------------------------------------------------------------------

PREMISES = "idle_premises.xlsx"
#: Name, services, works, floor area, most beds, most places, cost, cost of a unit, its source, rule, either-or, zone, place.
_OFFERED = (
    ("长青路闲置厂房", ("elder_home",), "extend", 1400.0, 45.0, np.nan, 110.0, 7.0, "stated", "required", "", "C11", (1300, 1240)),
    ("和平里原粮站", ("elder_day_care", "elder_home"), "rent", 980.0, 38.0, np.nan, 70.0, 10.0, "stated", "", "", "C08", (1760, 730)),
    ("春晖路闲置校舍", ("elder_day_care",), "buy", 620.0, 20.0, np.nan, 60.0, 10.0, "childcare_conversion: plan.csv#3", "", "", "C07", (1180, 690)),
    ("东升社区服务中心二楼", ("elder_day_care", "childcare"), "swap", 300.0, 10.0, 20.0, 45.0, np.nan, "stated", "", "", "C03", (1260, 180)),
    ("胜利路地块", ("elder_home",), "new", 2100.0, 80.0, np.nan, 900.0, 8.0, "home_new_bed: plan.csv#2", "", "地块", "C10", (740, 1260)),
    ("胜利路北地块", ("elder_home",), "new", 2300.0, 90.0, np.nan, np.nan, np.nan, "", "", "地块", "C10", (790, 1380)),
    ("西苑闲置门面", (), "rent", 180.0, np.nan, np.nan, 12.0, np.nan, "stated", "forbidden", "", "C05", (240, 760)),
    ("江城颐养院扩建", ("elder_home",), "extend", 500.0, 20.0, np.nan, 150.0, 6.0, "stated", "", "", "C01", (250, 250)),
)  # fmt: skip
#: What each site of the cover adds, as a share of the elders outside.
GAINS = (0.40, 0.25, 0.10, 0.07, 0.04, 0.02)
_GENERATED = (("C04", (1750, 250)), ("C12", (1750, 1250)))


def with_sites(outcome):
    """Return `outcome` with three siting questions answered: one proven, one within a bound, one without an answer.

    The adopted question ``close_gap`` closes the beds' shortfalls of communities (C03 15, C04 19, C07 17, C08, C11 and
    C12 20 each: 111 beds) but for one bed of C12, for which no further candidate is near: four sites in two phases, one of them
    a generated point and with two services. ``cover_elders`` has a gain curve of six points.
    """
    nasty = NASTY if NASTY in outcome.name else ""
    zh = outcome.lang == "zh"
    candidates = _candidates(outcome, nasty)
    rows = outcome.circle.query("service == 'eldercare' and measure == 'network' and kind == ''")
    covered, people = (
        float(rows.set_index("zone_id").loc["area/area", key]) for key in ("covered", "people")
    )
    sites = pd.concat([_gap_sites(candidates, zh), _cover_sites(candidates, people - covered, covered)])
    sites = gpd.GeoDataFrame(sites, geometry="geometry", crs=CRS)
    near = sites.geometry[sites["question"] == "close_gap"]
    bands = {minutes: near.buffer(40 * minutes).union_all() for minutes in (5.0, 10.0, 15.0)}
    return dataclasses.replace(
        outcome,
        candidates=candidates,
        sites=sites,
        answers=_answers(sites, people, covered, zh, nasty),
        curve=_curve(people, covered),
        unmet=_unmet(),
        site_isochrones=gpd.GeoDataFrame(
            {"service": "eldercare", "minutes": list(bands)}, geometry=list(bands.values()), crs=CRS
        ),
    )


def _candidates(outcome, nasty):
    usual = dict.fromkeys(("most_places", "usable_years", "from_year"), np.nan)
    usual |= dict.fromkeys(("rule", "either_or", "land_code"), "") | {"extends": None}
    rows = [
        usual | {
            "name": name + nasty, "services": services, "works": works, "floor_area_m2": area, "most_beds": beds, "most_places": places,
            "storey": "1-2层" if area < 1000 else "整栋", "ownership": "区国资公司", "usable_years": 10.0 if works == "rent" else np.nan,
            "cost": cost, "cost_unit": cost_unit, "cost_from": cost_from, "rule": rule, "either_or": either,
            "extends": "eldercare_register.xlsx#2" if name.startswith("江城") else None, "land_code": "0702" if either else "",
            "generated": False, "zone_id": f"community/{code}", "location_quality": "exact", "source_file": PREMISES, "source_row": row,
            "geometry": Point(X0 + x, Y0 + y),
        }
        for row, (name, services, works, area, beds, places, cost, cost_unit, cost_from, rule, either, code, (x, y)) in enumerate(_OFFERED, start=2)
    ]  # fmt: skip
    rows += [
        usual | {
            "name": f"意向区域{number}" if outcome.lang == "zh" else f"Area of intent {number}", "services": (), "works": "new",
            "floor_area_m2": np.nan, "most_beds": np.nan, "storey": "", "ownership": "", "cost": 60.0, "cost_unit": 10.0,
            "cost_from": "home_new_bed: plan.csv#2", "generated": True, "zone_id": f"community/{code}", "location_quality": "approximate",
            "source_file": "generated/grid", "source_row": number, "geometry": Point(X0 + x, Y0 + y),
        }
        for number, (code, (x, y)) in enumerate(_GENERATED, start=1)
    ]  # fmt: skip
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)
    table = table[[name for name in CANDIDATES if name in table.columns]]
    table["extends"] = pd.Series([row["extends"] for row in rows], dtype=object)
    keys = [f"{file}#{row}" for file, row in zip(table["source_file"], table["source_row"], strict=True)]
    table.index = pd.Index(keys, name="candidate_id")
    return table


def _site(candidates, question, order, candidate_id, place, **values):
    own = candidates.loc[candidate_id]
    usual = {
        "question": question, "order": order, "name": own["name"], "candidate_id": candidate_id, "works": own["works"],
        "services": own["services"], "place": place, "size": np.nan, "unit": "", "beds": np.nan, "places": np.nan,
        "floor_area_m2": own["floor_area_m2"], "cost": own["cost"], "cost_from": own["cost_from"], "phase": np.nan, "serves": (),
        "indicators": (), "gain": np.nan, "marginal": np.nan, "total": np.nan,
        "gain_unit": "people" if question == "cover_elders" else "", "generated": bool(own["generated"]),
        "zone_id": own["zone_id"], "extends": own["extends"], "geometry": own["geometry"],
    }  # fmt: skip
    return usual | values


def _site_table(rows):
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)[list(SITES)]
    table["extends"] = pd.Series([row["extends"] for row in rows], dtype=object)
    ids = [f"{question}/{order}" for question, order in zip(table["question"], table["order"], strict=True)]
    return table.set_index(pd.Index(ids, name="site_id"))


#: Candidate, place, phase, codes of the communities served, gain, marginal, total, and what else the site says.
_GAP_SITES = (
    (f"{PREMISES}#2", "长青路18号", 2025.0, "C11 C12", 45.0, 39.0, 72.0,
     {"services": ("elder_home",), "size": 39.0, "unit": "beds", "beds": 39.0, "cost": 383.0}),
    (f"{PREMISES}#3", "和平里3号", 2025.0, "C08 C03", 38.0, 35.0, 37.0,
     {"services": ("elder_home",), "size": 35.0, "unit": "beds", "beds": 35.0, "cost": 420.0}),
    ("generated/grid#1", "意向区域：南湖社区", 2030.0, "C04", 19.0, 19.0, 18.0,
     {"services": ("elder_day_care", "childcare"), "size": 750.0, "unit": "m2", "beds": 19.0, "places": 6.0, "floor_area_m2": 750.0,
      "cost": 310.0, "indicators": (BEDS, PLACES)}),
    (f"{PREMISES}#4", "春晖路52号", 2030.0, "C07", 20.0, 17.0, 1.0,
     {"size": 17.0, "unit": "beds", "beds": 17.0, "cost": 230.0}),
)  # fmt: skip
_COVER_SITES = ((7, "胜利路北端", "C10 C09"), (3, "和平里3号", "C08 C12"), (2, "长青路18号", "C11"))


def _serves(codes):
    return tuple(f"community/{code}" for code in codes.split())


def _gap_sites(candidates, zh):
    said = {} if zh else {"意向区域：南湖社区": "Area of intent: 南湖社区"}
    rows = [
        _site(
            candidates, "close_gap", order, candidate, said.get(place, place), phase=phase, serves=_serves(codes), gain=gain, marginal=marginal,
            total=total, **{"indicators": (BEDS,)} | values,
        )
        for order, (candidate, place, phase, codes, gain, marginal, total, values) in enumerate(_GAP_SITES, start=1)
    ]  # fmt: skip
    return _site_table(rows)


def _cover_sites(candidates, outside, covered):
    rows, total = [], covered
    for order, (share, (row, place, codes)) in enumerate(zip(GAINS, _COVER_SITES, strict=False), start=1):
        gain = round(outside * share)
        total += gain
        values = {"gain": float(round(gain * 1.2)), "marginal": float(gain), "total": float(total)}
        values |= {"services": ("elder_home",), "serves": _serves(codes), "indicators": (CIRCLE_E,)}
        rows.append(_site(candidates, "cover_elders", order, f"{PREMISES}#{row}", place, **values))
    return _site_table(rows)


def _answers(sites, people, covered, zh, nasty):
    usual = {"stopped": "", "candidates": 10, "repeatable": True, "nodes": 1, "adopted": False}
    best = float(sites.loc["cover_elders/3", "total"])
    bound = min(people, round(best * 1.03))
    labels = {
        "close_gap": ("最多4处，分2025、2030两期，尽量补齐社区养老床位缺口", "At most 4 sites in two phases, 2025 and 2030, to close the communities' shortfalls of beds"),
        "cover_elders": ("选3处，使服务圈覆盖的老年人最多", "3 sites so that most elders are within the circle"),
        "everyone": ("用最少的点位使每个社区95%的老年人进入服务圈", "Fewest sites that bring 95 % of every community's elders into the circle"),
    }  # fmt: skip
    aims = {
        "close_gap": ("未补齐的床位", "beds still missing"), "cover_elders": ("服务圈覆盖的老年人", "elders within the circle"),
        "everyone": ("点位数", "sites"),
    }  # fmt: skip
    rows = [
        {
            "question": "close_gap", "ask": "sizes", "status": "optimal", "unit": "beds", "objective": 1.0, "bound": 1.0, "gap": 0.0,
            "recount": 1.0, "before": 111.0, "sites": 4, "cost": 1343.0, "nodes": 7, "adopted": True,
        },
        {
            "question": "cover_elders", "ask": "cover", "status": "within", "stopped": "nodes", "unit": "people", "objective": best,
            "bound": float(bound), "gap": (bound - best) / bound, "recount": best, "before": covered, "sites": 3, "nodes": 100,
        },
        {
            "question": "everyone", "ask": "share", "status": "infeasible", "unit": "sites", "before": 0.0, "sites": 0, "cost": 0.0,
            "nodes": 0,
        },
    ]  # fmt: skip
    for row in rows:
        own = row["question"]
        row |= {"label": labels[own][0 if zh else 1] + nasty, "aim": aims[own][0 if zh else 1]}
    return pd.DataFrame([usual | row for row in rows])[list(ANSWERS)]


def _curve(people, covered):
    outside = people - covered
    reached = np.cumsum([round(outside * share) for share in GAINS])
    objective = [covered + gain for gain in reached]
    bound = [value + extra for value, extra in zip(objective, (0.0, 12.0, 115.0, 35.0, 20.0), strict=False)]
    return pd.DataFrame(
        {
            "question": "cover_elders", "sites": range(1, 7), "objective": objective, "bound": [*bound, np.nan],
            "share": [value / objective[-1] for value in objective],
        }
    )  # fmt: skip


def _unmet():
    gap, cover = "close_gap", "cover_elders"
    rows = [
        (gap, "community/C04", 2025.0, 19.0, "beds", "budget"),
        (gap, "community/C07", 2025.0, 17.0, "beds", "too_small"),
        (gap, "community/C12", 2025.0, 1.0, "beds", "no_candidate"),
        (gap, "community/C12", 2030.0, 1.0, "beds", "no_candidate"),
        (cover, "community/C09", np.nan, 88.0, "people", "too_far"),
        (cover, "community/C04", np.nan, 69.0, "people", "sites"),
        (cover, "community/C12", np.nan, 25.0, "people", "none"),
    ]
    return pd.DataFrame(rows, columns=list(UNMET))
