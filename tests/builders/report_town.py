"""A small but complete `tables.Outcome`, for every room that draws or writes one.

A grid of 4 x 3 communities of 500 m in two districts of two towns each, 16 demand points a community and 8 in the halo,
10 facilities (two without a point), streets on the grid's lines. Walking seconds are Manhattan metres over the pace, so
that every figure can be checked by hand; sums over communities equal the coarser zones' rows.

``make_outcome(lang=, synthetic=, nasty=)``: `nasty` puts text that must be escaped into every name. ``with_sites(outcome)`` adds
answered siting questions.
"""

import dataclasses
import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point, box

from geoplan.tables import ANSWERS, CANDIDATES, SITES, UNMET, Outcome, Service, Source

CRS = "EPSG:4547"
X0, Y0, SIDE, COLUMNS, ROWS = 528_000.0, 3_385_000.0, 500.0, 4, 3
NASTY = "</script><img src=x onerror=\"document.title='hacked'\">'&`${1}"
NAMES = ["向阳", "北秀", "东升", "南湖", "西苑", "中兴", "春晖", "和平", "建设", "胜利", "长青", "兴华"]
SERVICES = {
    "eldercare": Service(
        name="eldercare", label_zh="养老服务", label_en="Eldercare", facilities=("elder_home", "elder_day_care"),
        group="elders_60", walk_minutes=15.0, walk_kmh=4.0,
    ),
    "childcare": Service(
        name="childcare", label_zh="托育服务", label_en="Childcare", facilities=("childcare", "kindergarten_class"),
        group="under_3", walk_minutes=15.0, walk_kmh=4.0,
    ),
}  # fmt: skip
BEDS, PLACES = "wuhan.beds_per_1000_elders", "wuhan.places_per_1000_residents"
CIRCLE_E, CIRCLE_C = "wuhan.circle_eldercare", "wuhan.circle_childcare"
PRESENCE, NURSING = "wuhan.urban_community_childcare", "wuhan.nursing_bed_share"


def make_outcome(*, lang: str = "zh", synthetic: bool = True, nasty: bool = False) -> Outcome:
    """Return the outcome; see the module's text."""
    zones = _zones(nasty)
    demand = _demand(zones)
    facilities, supplies = _facilities(nasty)
    nearest = _nearest(demand, facilities)
    circle = _circle(zones, demand, facilities, nearest)
    flags = _flags(zones, demand, circle)
    return Outcome(
        name="示范区一老一小设施评价" + (NASTY if nasty else ""),
        year=2025,
        lang=lang,
        synthetic=synthetic,
        crs=CRS,
        zones=zones,
        demand=demand,
        facilities=facilities,
        supplies=supplies,
        services=SERVICES,
        groups=_groups(demand),
        streets=_streets(),
        snaps=_snaps(demand, facilities),
        nearest=nearest,
        circle=circle,
        isochrones=_isochrones(facilities),
        rules=_rules(),
        findings=_findings(),
        members=_members(zones),
        flags=flags,
        gap_list=_gap_list(flags, zones),
        unplaced=_unplaced(facilities),
        reconciliation=_reconciliation(),
        warnings=_warnings(nasty),
        sources=(
            Source("zones", "communities.gpkg", "a" * 64, 4096, 12, "wgs84"),
            Source("streets", "streets.parquet", "b" * 64, 8192, 31, "wgs84", "OpenStreetMap, ODbL"),
            Source("population", "elders_60.tif", "c" * 64, 2048, None, "wgs84", "WorldPop, CC BY 4.0"),
            Source("facilities", "eldercare_register.xlsx", "d" * 64, 1024, 6, "gcj02"),
            Source("facilities", "childcare_register.csv", "e" * 64, 512, 4, "bd09"),
        ),
        parameters=_parameters(),
        not_assessed=pd.DataFrame(
            {
                "pack": ["wuhan", "wuhan"],
                "clause": ["三(一)", "三(五)"],
                "what_zh": ["老年人健康管理率", "婴幼儿家庭科学育儿指导率"],
                "what_en": ["Health management of elders", "Parenting guidance"],
            }
        ),
    )


def _cells():
    return [
        (column, row, box(x, y, x + SIDE, y + SIDE))
        for row, column in itertools.product(range(ROWS), range(COLUMNS))
        for x, y in [(X0 + column * SIDE, Y0 + row * SIDE)]
    ]


def _zones(nasty):
    whole = box(X0, Y0, X0 + COLUMNS * SIDE, Y0 + ROWS * SIDE)
    rows = [("area/area", "area", "示范区", "area", None, whole)]
    for d in range(2):
        x = X0 + 2 * d * SIDE
        shape = box(x, Y0, x + 2 * SIDE, Y0 + ROWS * SIDE)
        rows.append(
            (f"district/D{d + 1}", "district", ["东城区", "西城区"][d], f"D{d + 1}", "area/area", shape)
        )
    for c in range(COLUMNS):
        x = X0 + c * SIDE
        shape = box(x, Y0, x + SIDE, Y0 + ROWS * SIDE)
        name = ["临江街道", "学府街道", "湖滨街道", "新村街道"][c]
        rows.append((f"town/T{c + 1}", "town", name, f"T{c + 1}", f"district/D{c // 2 + 1}", shape))
    for number, (column, _, shape) in enumerate(_cells(), start=1):
        code = f"C{number:02d}"
        rows.append(
            (f"community/{code}", "community", NAMES[number - 1] + "社区", code, f"town/T{column + 1}", shape)
        )
    columns = ["zone_id", "level", "name", "code", "parent_id", "geometry"]
    table = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=CRS).set_index("zone_id")
    if nasty:
        table["name"] = table["name"] + NASTY
    table.insert(
        4, "kind", [frozenset({"urban"}) if level == "community" else frozenset() for level in table["level"]]
    )
    table.insert(5, "covered_share", 1.0)
    table.insert(6, "edge", False)
    table["given_residents"] = np.where(table["level"] == "community", 1600.0, np.nan)
    return table


def _demand(zones):
    rows = []
    for number, (column, row, shape) in enumerate(_cells(), start=1):
        west, south, _, _ = shape.bounds
        for i, j in itertools.product(range(4), range(4)):
            elders = 20.0 + column + row
            point = Point(west + 62.5 + 125 * i, south + 62.5 + 125 * j)
            rows.append((f"community/C{number:02d}", False, 100.0, elders, 2.5, point))
    rows += [(None, True, 100.0, 20.0, 2.5, Point(X0 - 100, Y0 + 100 + 150 * i)) for i in range(8)]
    columns = ["zone_id", "halo", "residents", "elders_60", "under_3", "geometry"]
    table = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=CRS)
    table.index = pd.RangeIndex(len(table), name="demand_id")
    return table


def _facilities(nasty):
    e, c = "eldercare_register.xlsx", "childcare_register.csv"
    rows = [
        (f"{e}#2", "江城颐养院", ("elder_home",), "existing", "community/C01", "exact", (250, 250)),
        (f"{e}#3", "学府社区养老服务站", ("elder_day_care",), "existing", "community/C02", "exact", (800, 300)),
        (f"{e}#4", "湖滨护理院", ("elder_home",), "building", "community/C07", "approximate", (1300, 700)),
        (f"{e}#5", "长青养老院", ("elder_home",), "planned", "community/C11", "exact", (1200, 1250)),
        (f"{e}#6", "无坐标养老院", ("elder_home",), "existing", "town/T3", "missing", None),
        (f"{e}#7", "停用养老院", ("elder_home",), "closed", "community/C05", "exact", (300, 800)),
        (f"{c}#2", "向阳托育中心", ("childcare",), "existing", "community/C01", "exact", (150, 420)),
        (f"{c}#3", "北秀幼儿园托班", ("kindergarten_class",), "existing", "community/C02", "exact", (700, 100)),
        (f"{c}#4", "和平托育园", ("childcare",), "existing", "community/C08", "exact", (1700, 800)),
        (f"{c}#5", "坐标有误托育园", ("childcare",), "existing", "district/D2", "rejected", None),
    ]  # fmt: skip
    table = pd.DataFrame(
        {
            "name": [row[1] + (NASTY if nasty else "") for row in rows], "services": [row[2] for row in rows],
            "status": [row[3] for row in rows],
            "open_year": [2015.0, 2019.0, 2026.0, 2028.0, 2012.0, 2001.0, 2020.0, 2021.0, np.nan, 2022.0],
            "close_year": [np.nan] * 5 + [2023.0] + [np.nan] * 4, "zone_id": [row[4] for row in rows],
            "zone_from": ["named" if row[6] is None else "point" for row in rows], "serves": [()] * len(rows),
            "location_quality": [row[5] for row in rows], "source_file": [row[0].split("#")[0] for row in rows],
            "source_row": [int(row[0].split("#")[1]) for row in rows],
            "public": pd.array([True, True, False, pd.NA, False, False, True, True, False, pd.NA], dtype="boolean"),
            "address": [f"示范路{number}号" for number in range(1, 11)],
        },
        index=pd.Index([row[0] for row in rows], name="facility_id"),
    )  # fmt: skip
    points = [None if row[6] is None else Point(X0 + row[6][0], Y0 + row[6][1]) for row in rows]
    facilities = gpd.GeoDataFrame(table, geometry=points, crs=CRS)
    supplies = pd.DataFrame(
        [
            (f"{e}#2", "elder_home", "beds", 120.0, 120.0),
            (f"{e}#2", "elder_home", "nursing_beds", 60.0, 60.0),
            (f"{e}#3", "elder_day_care", "beds", 10.0, 10.0),
            (f"{e}#4", "elder_home", "beds", 80.0, 80.0),
            (f"{e}#5", "elder_home", "beds", 200.0, 200.0),
            (f"{e}#6", "elder_home", "beds", 0.0, np.inf),
            (f"{e}#7", "elder_home", "beds", 30.0, 30.0),
            (f"{c}#2", "childcare", "places", 40.0, 40.0),
            (f"{c}#3", "kindergarten_class", "places", 20.0, 20.0),
            (f"{c}#4", "childcare", "places", 30.0, 30.0),
            (f"{c}#5", "childcare", "places", 25.0, 25.0),
        ],
        columns=["facility_id", "service", "supply", "low", "high"],
    )
    return facilities, supplies


def in_run(facilities, service):
    """Return the facilities of `service` that count in 2025 and have a point."""
    types = set(SERVICES[service].facilities)
    offers = facilities["services"].map(lambda own: bool(types & set(own)))
    return facilities[offers & (facilities["status"] == "existing") & facilities.geometry.notna()]


def _nearest(demand, facilities):
    parts = []
    for service, entry in SERVICES.items():
        near = in_run(facilities, service)
        metres = np.abs(demand.geometry.x.to_numpy()[:, None] - near.geometry.x.to_numpy()) + np.abs(
            demand.geometry.y.to_numpy()[:, None] - near.geometry.y.to_numpy()
        )
        best = metres.argmin(axis=1)
        seconds = metres.min(axis=1) / (entry.walk_kmh / 3.6)
        ids = near.index.to_numpy()[best]
        parts.append(
            pd.DataFrame(
                {"service": service, "demand_id": demand.index, "facility_id": ids, "seconds": seconds}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _below(zones, zone_id):
    level = zones.loc[zone_id, "level"]
    if level == "community":
        return [zone_id]
    if level == "area":
        return list(zones.index[zones["level"] == "community"])
    children = zones.index[zones["parent_id"] == zone_id]
    return [below for child in children for below in _below(zones, child)]


def _circle(zones, demand, facilities, nearest):
    rows = []
    factor = {"network": 1.0, "frail": (4.0 / 3.6) / 0.76, "straight": 0.8}
    for service, measure in itertools.product(SERVICES, factor):
        entry = SERVICES[service]
        own = nearest[nearest["service"] == service].set_index("demand_id")
        seconds = own["seconds"] * factor[measure]
        people = demand[entry.group]
        inside = (seconds <= entry.walk_minutes * 60 + 1e-6) & ~demand["halo"]
        by_zone = pd.DataFrame(
            {"people": people.where(~demand["halo"], 0.0), "covered": people.where(inside, 0.0), "zone": demand["zone_id"]}
        )  # fmt: skip
        sums = by_zone.dropna(subset=["zone"]).groupby("zone")[["people", "covered"]].sum()
        for zone_id in zones.index:
            below = _below(zones, zone_id)
            total, covered = float(sums.loc[below, "people"].sum()), float(sums.loc[below, "covered"].sum())
            shares = 1 - sums.loc[below, "covered"] / sums.loc[below, "people"]
            here = demand.index[demand["zone_id"].isin(below)]
            rows.append(
                {
                    "service": service, "measure": measure, "kind": "", "zone_id": zone_id, "group": entry.group, "people": total,
                    "covered": covered, "outside": total - covered, "share": covered / total, "communities": len(below),
                    "communities_covered": int((shares <= entry.flag_share + 1e-9).sum()), "land_m2": np.nan,
                    "land_covered_m2": np.nan, "median_minutes": float(seconds.loc[here].median() / 60), "unreached": 0.0,
                    "nearest_facility": own.loc[here, "facility_id"].mode().iloc[0],
                }
            )  # fmt: skip
    # every community here is urban: the urban part of an area or district is the whole of it
    coarse = [row | {"kind": "urban"} for row in rows if row["zone_id"].startswith(("area", "district"))]
    return pd.DataFrame(rows + coarse)


def _flags(zones, demand, circle):
    rows = []
    fine = zones.index[zones["level"].isin(["community", "town"])]
    network = circle[(circle["measure"] == "network") & (circle["kind"] == "")].set_index(
        ["service", "zone_id"]
    )
    for zone_id in fine:
        number = int(zones.loc[zone_id, "code"][1:])
        elders = network.loc[("eldercare", zone_id), "people"]
        residents = demand.loc[demand["zone_id"].isin(_below(zones, zone_id)), "residents"].sum()
        near = network.loc[("eldercare", zone_id), "nearest_facility"]
        walk = network.loc[("eldercare", zone_id), "median_minutes"]
        common = {"zone_id": zone_id, "year": 2025, "nearest_facility": near, "minutes": walk}
        low = [62.0, 55.0, 12.0, 0.0, 38.0, 51.0, 20.0, 4.0, 49.0, 0.0, 0.0, 8.0][number - 1]
        high = np.inf if number == 3 else low
        short = low < 50 and number != 3
        gap = float(np.ceil(elders * (50 - low) / 1000 - 1e-6)) if short else 0.0
        rows.append(
            common
            | {
                "rule_id": BEDS, "reachable_low": low, "reachable_high": high, "located_low": low / 2, "located_high": low / 2,
                "required": 50.0, "shortfall": np.nan if number == 3 else gap, "unit": "beds",
                "flagged": pd.NA if number == 3 else short, "apportioned": gap / 3, "own_level": False,
                "caveats": ("caveat_by_community",), "people": elders, "people_affected": gap / 50 * 1000,
                "cause": ("none_in_circle" if low == 0 else "full") if short else "",
            }
        )  # fmt: skip
        low = [9.0, 7.5, 2.0, 1.0, 4.6, 4.5, 3.0, 6.0, 0.0, 0.0, 0.5, 2.2][number - 1]
        gap = float(np.ceil(residents * max(4.5 - low, 0) / 1000 - 1e-6))
        rows.append(
            common
            | {
                "rule_id": PLACES, "reachable_low": low, "reachable_high": low, "located_low": low, "located_high": low,
                "required": 4.5, "shortfall": gap, "unit": "places", "flagged": low < 4.5, "apportioned": gap, "own_level": False,
                "caveats": ("caveat_by_community",), "people": residents, "people_affected": gap / 4.5 * 1000,
                "cause": "none_in_circle" if low == 0 else ("too_small" if low < 4.5 else ""),
            }
        )  # fmt: skip
        for service, rule in (("eldercare", CIRCLE_E), ("childcare", CIRCLE_C)):
            row = network.loc[(service, zone_id)]
            short = bool(row["outside"] / row["people"] > 0.2 + 1e-9)
            rows.append(
                common
                | {
                    "rule_id": rule, "reachable_low": row["share"], "reachable_high": row["share"], "located_low": np.nan,
                    "located_high": np.nan, "required": 0.8, "shortfall": row["outside"] if short else 0.0, "unit": "people",
                    "flagged": short, "apportioned": np.nan, "own_level": zone_id.startswith("community"),
                    "caveats": () if zone_id.startswith("community") else ("caveat_by_community",), "people": row["people"],
                    "people_affected": row["outside"], "nearest_facility": row["nearest_facility"],
                    "minutes": row["median_minutes"], "cause": "none_in_circle" if short else "",
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    table["flagged"] = table["flagged"].astype("boolean")
    order = {rule: position for position, rule in enumerate([BEDS, PLACES, CIRCLE_E, CIRCLE_C])}
    return table.sort_values("rule_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)


def _groups(demand):
    inside = demand[~demand["halo"]]
    names = ["residents", "elders_60", "under_3"]
    return pd.DataFrame(
        {
            "label": ["常住人口", "60岁及以上老年人口", "3岁以下婴幼儿"], "basis": ["常住", "常住", "常住"], "year": [2010, 2010, 2010],
            "total": [float(inside[name].sum()) for name in names],
            "source": ["adults_20.tif", "elders_60.tif", "residents × 0.026"],
        },
        index=pd.Index(names, name="group"),
    )  # fmt: skip


def _streets():
    lines, classes = [], []
    for row, column in itertools.product(range(ROWS + 1), range(COLUMNS)):
        lines.append(LineString([(X0 + c * SIDE, Y0 + row * SIDE) for c in (column, column + 1)]))
        classes.append("primary" if row == 1 else "residential")
    for column, row in itertools.product(range(COLUMNS + 1), range(ROWS)):
        lines.append(LineString([(X0 + column * SIDE, Y0 + r * SIDE) for r in (row, row + 1)]))
        classes.append("residential")
    table = gpd.GeoDataFrame({"highway": classes, "access": "open", "name": ""}, geometry=lines, crs=CRS)
    table.index = pd.RangeIndex(len(table), name="edge_id")
    return table


def _snaps(demand, facilities):
    placed = facilities[facilities.geometry.notna()]
    xy = [(point.x, point.y) for point in [*demand.geometry, *placed.geometry]]
    near = [(x, Y0 + round((y - Y0) / SIDE) * SIDE) for x, y in xy]
    legs = [abs(y - ny) for (_, y), (_, ny) in zip(xy, near, strict=True)]
    table = gpd.GeoDataFrame(
        {
            "chain": range(len(xy)),
            "offset_m": 0.0,
            "leg_m": legs,
            "x": [x for x, _ in near],
            "y": [y for _, y in near],
            "reason": "",
            "island": False,
        },
        geometry=[LineString([a, b]) for a, b in zip(xy, near, strict=True)],
        crs=CRS,
    )
    table.index = pd.Index([*map(str, demand.index), *placed.index], name="point_id")
    return table


def _isochrones(facilities):
    rows = []
    for service, minutes in itertools.product(SERVICES, (5.0, 10.0, 15.0)):
        reach = gpd.GeoSeries(in_run(facilities, service).buffer(minutes * 60 * 4 / 3.6 * 0.75)).union_all()
        rows.append({"service": service, "minutes": minutes, "geometry": reach})
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)


def _rules():
    """Return the rules with the columns of `geoplan.standards.packs.read.rules_table`."""
    rows = [
        (BEDS, "每千名老人养老床位", "Beds per 1,000 elders", "provision", "city", "elders_60/1000", "beds", ">=50@2025", "预期"),
        (PLACES, "每千人口拥有3岁以下婴幼儿托位数", "Places for under-threes per 1,000 residents", "provision", "city", "residents/1000", "places", ">=4.5@2025", "约束"),
        (CIRCLE_E, "15分钟养老服务圈", "15-minute eldercare circle", "circle", "community", "", "people", "未量化@2025", "未标注"),
        (CIRCLE_C, "15分钟托育服务圈", "15-minute childcare circle", "circle", "community", "", "people", "未量化@2025", "未标注"),
        (PRESENCE, "城镇社区托育服务设施覆盖率", "Urban communities with childcare", "presence", "community:urban", "", "zones", ">=50%@2025", "未标注"),
        (NURSING, "护理型床位数占养老机构床位比例", "Nursing share of institution beds", "share", "city", "", "beds", ">=65%@2025", "未标注"),
    ]  # fmt: skip
    names = [
        "rule_id", "indicator_zh", "indicator_en", "kind", "level", "per", "gap_unit", "target", "attribute",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=names).set_index("rule_id")
    gap = {
        "beds": ("张", "beds"),
        "places": ("个托位", "places"),
        "people": ("人", "people"),
        "zones": ("个单元", "zones"),
    }
    per = {"beds": ("张/千人", "beds per 1,000 people"), "places": ("个托位/千人", "places per 1,000 people")}
    rate = table["kind"] == "provision"
    for place, lang in enumerate(("zh", "en")):
        table[f"gap_unit_{lang}"] = [gap[unit][place] for unit in table["gap_unit"]]
        table[f"unit_{lang}"] = [
            per[u][place] if own else "%" for u, own in zip(table["gap_unit"], rate, strict=True)
        ]
        table[f"target_text_{lang}"] = table["target"].str.replace("@2025", "")
        table[f"cited_{lang}"] = "武政办〔2022〕 二"
        table[f"basis_{lang}"] = table["per"]
    return table.drop(columns="gap_unit").assign(
        pack="wuhan", id=[rule.split(".")[1] for rule in table.index], percent=~rate.to_numpy(),
        format=np.where(rate, "per_1000", "percent"), base="", base_value=np.nan, base_year=pd.NA, clause="二",
        document="武政办〔2022〕", quote="", lead="市民政局", note="", counts="",
    )  # fmt: skip


def _finding(rule_id, **values):
    usual = {
        "rule_id": rule_id, "zone_id": "area/area", "year": 2025, "actual_low": np.nan, "actual_high": np.nan, "unknown_rows": 0,
        "required": np.nan, "aim": np.nan, "comparison": ">=", "shortfall": np.nan, "gross_shortfall": np.nan, "unit": "",
        "verdict": "met", "on_path": "", "basis": "常住 2010", "attribute": "未标注", "people_affected": np.nan, "cause": "",
        "missing": "", "missing_zh": "", "missing_en": "", "clause": "武政办〔2022〕 二",
    }  # fmt: skip
    return usual | values


def _findings():
    return pd.DataFrame(
        [
            _finding(
                BEDS, actual_low=27.1, actual_high=np.inf, unknown_rows=1, required=50.0, unit="beds", verdict="no_data",
                missing="unknown_supply", missing_zh="1 行台账床位数不明", missing_en="1 register row without a number of beds",
                attribute="预期",
            ),
            _finding(
                PLACES, actual_low=4.1, actual_high=4.1, required=4.5, shortfall=8.0, gross_shortfall=31.0, unit="places",
                verdict="not_met", on_path="behind", people_affected=1778.0, cause="too_small", attribute="约束",
            ),
            _finding(CIRCLE_E, actual_low=0.78, actual_high=0.78, unit="people", verdict="not_quantified", comparison=""),
            _finding(CIRCLE_C, actual_low=0.81, actual_high=0.81, unit="people", verdict="not_quantified", comparison=""),
            _finding(
                PRESENCE, actual_low=0.25, actual_high=0.25, required=0.5, shortfall=3.0, gross_shortfall=3.0, unit="zones",
                verdict="not_met", cause="none_in_circle",
            ),
            _finding(NURSING, actual_low=0.66, actual_high=0.66, required=0.65, unit="beds", verdict="met"),
        ]
    )  # fmt: skip


def _members(zones):
    has = {"community/C01": True, "community/C02": True, "community/C08": True, "community/C12": pd.NA}
    rows = [
        {
            "rule_id": PRESENCE, "zone_id": "area/area", "member_id": zone_id, "has": has.get(zone_id, False),
            "value": 1.0 if has.get(zone_id) is True else 0.0, "nearest_facility": "childcare_register.csv#4", "minutes": 11.4,
            "cause": "" if zone_id in has else "none_in_circle",
        }
        for zone_id in zones.index[zones["level"] == "community"]
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table["has"] = table["has"].astype("boolean")
    return table


def _gap_list(flags, zones):
    short = flags[flags["flagged"].fillna(False) & flags["zone_id"].str.startswith("community")]
    indicator = _rules()["indicator_zh"]
    return pd.DataFrame(
        {
            "serial": range(1, len(short) + 1),
            "town": [zones.loc[zones.loc[zone, "parent_id"], "name"] for zone in short["zone_id"]],
            "community": [zones.loc[zone, "name"] for zone in short["zone_id"]], "rule_id": short["rule_id"].to_numpy(),
            "zone_id": short["zone_id"].to_numpy(), "indicator": [indicator[rule] for rule in short["rule_id"]],
            "actual": short["reachable_low"].to_numpy(), "required": short["required"].to_numpy(),
            "shortfall": short["shortfall"].to_numpy(), "unit": short["unit"].to_numpy(),
            "people_affected": short["people_affected"].to_numpy(), "nearest_facility": short["nearest_facility"].to_numpy(),
            "minutes": short["minutes"].to_numpy(), "cause": short["cause"].to_numpy(),
        }
    )  # fmt: skip


def _unplaced(facilities):
    missing = facilities[facilities.geometry.isna()]
    return pd.DataFrame(
        {
            "name": missing["name"], "services": missing["services"], "address": "", "zone_id": missing["zone_id"],
            "zone_names": "", "beds": np.nan, "places": np.nan, "location_quality": missing["location_quality"],
            "matched_name": "", "source_file": missing["source_file"], "source_row": missing["source_row"],
        }
    )  # fmt: skip


def _reconciliation():
    return pd.DataFrame(
        {
            "file": ["eldercare_register.xlsx", "childcare_register.csv"], "rows": [6, 4], "closed": [1, 0], "duplicate": [0, 0],
            "not_placed": [1, 1], "in_run": [4, 3], "beds_rows": [440.0, 0.0], "beds_closed": [30.0, 0.0],
            "beds_duplicate": [0.0, 0.0], "beds_not_placed": [0.0, 0.0], "beds_in_run": [410.0, 0.0], "places_rows": [0.0, 115.0],
            "places_closed": [0.0, 0.0], "places_duplicate": [0.0, 0.0], "places_not_placed": [0.0, 25.0],
            "places_in_run": [0.0, 90.0],
        }
    )  # fmt: skip


def _warnings(nasty):
    text = "没有坐标" + (NASTY if nasty else "")
    return pd.DataFrame(
        [
            ("warning", "facility_no_point", "eldercare_register.xlsx", 6, "", text, "计入登记的街道，不计入服务圈"),
            ("warning", "facility_far", "childcare_register.csv", 5, "", "坐标落在评价范围外", "列入待落点清单"),
            ("info", "zone_edge", "communities.gpkg", pd.NA, "community/C04", "位于数据边缘", ""),
        ],
        columns=["severity", "code", "file", "row", "zone", "text", "action"],
    ).astype({"row": "Int64"})  # fmt: skip


def _parameters():
    return pd.DataFrame(
        [
            ("services.eldercare.walk_minutes", "15", "min", True),
            ("services.eldercare.walk_kmh", "4.0", "km/h", True),
            ("frail_kmh", "2.736", "km/h", False),
            ("streets.max_snap_m", "250", "m", False),
        ],
        columns=["entry", "value", "unit", "given"],
    )


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

    The adopted question ``close_gap`` closes the beds' shortfalls of communities (111 beds) but for one bed of C09, which has
    no candidate near: four sites in two phases, one of them a generated point and with two services. ``cover_elders`` has
    a gain curve of six points.
    """
    nasty = NASTY if NASTY in outcome.name else ""
    zh = outcome.lang == "zh"
    candidates = _candidates(outcome, nasty)
    area = outcome.circle.query("service == 'eldercare' and measure == 'network' and kind == ''").set_index(
        "zone_id"
    )
    covered, people = (float(area.loc["area/area", key]) for key in ("covered", "people"))
    sites = pd.concat([_gap_sites(candidates, zh), _cover_sites(candidates, people - covered, covered, zh)])
    sites = gpd.GeoDataFrame(sites, geometry="geometry", crs=CRS)
    near = sites.geometry[sites["question"] == "close_gap"]
    return dataclasses.replace(
        outcome,
        candidates=candidates,
        sites=sites,
        answers=_answers(sites, people, covered, zh, nasty),
        curve=_curve(people, covered),
        unmet=_unmet(),
        site_isochrones=gpd.GeoDataFrame(
            [("eldercare", m, near.buffer(40 * m).union_all()) for m in (5.0, 10.0, 15.0)],
            columns=["service", "minutes", "geometry"],
            geometry="geometry",
            crs=CRS,
        ),
    )


def _candidates(outcome, nasty):
    rows = [
        {
            "name": name + nasty,
            "services": services,
            "works": works,
            "floor_area_m2": area,
            "most_beds": beds,
            "most_places": places,
            "storey": "1-2层" if area < 1000 else "整栋",
            "ownership": "区国资公司",
            "usable_years": 10.0 if works == "rent" else np.nan,
            "from_year": np.nan,
            "cost": cost,
            "cost_unit": cost_unit,
            "cost_from": cost_from,
            "rule": rule,
            "either_or": either,
            "extends": "eldercare_register.xlsx#2" if name.startswith("江城") else None,
            "land_code": "0702" if either else "",
            "generated": False,
            "zone_id": f"community/{code}",
            "location_quality": "exact",
            "source_file": PREMISES,
            "source_row": row,
            "geometry": Point(X0 + x, Y0 + y),
        }
        for row, (name, services, works, area, beds, places, cost, cost_unit, cost_from, rule, either, code, (x, y)) in enumerate(
            _OFFERED, start=2
        )
    ]  # fmt: skip
    usual = dict.fromkeys(("floor_area_m2", "most_beds", "most_places", "usable_years", "from_year"), np.nan)
    zh = outcome.lang == "zh"
    rows += [
        usual
        | {
            "name": f"意向区域{number}" if zh else f"Area of intent {number}", "services": (), "works": "new", "storey": "",
            "ownership": "", "cost": 60.0, "cost_unit": 10.0, "cost_from": "home_new_bed: plan.csv#2", "rule": "",
            "either_or": "", "extends": None, "land_code": "", "generated": True, "zone_id": f"community/{code}",
            "location_quality": "approximate", "source_file": "generated/grid", "source_row": number,
            "geometry": Point(X0 + x, Y0 + y),
        }
        for number,
        (code, (x, y)) in enumerate(_GENERATED, start=1)
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
    table.index = pd.Index(
        [f"{q}/{o}" for q, o in zip(table["question"], table["order"], strict=True)], name="site_id"
    )
    return table


def _gap_sites(candidates, zh):
    def serves(*codes):
        return tuple(f"community/{code}" for code in codes)

    intent = "意向区域：南湖社区" if zh else "Area of intent: 南湖社区"
    rows = [
        _site(
            candidates, "close_gap", 1, f"{PREMISES}#2", "长青路18号",
            services=("elder_home",), size=39.0, unit="beds", beds=39.0, cost=383.0, phase=2025.0, serves=serves("C10", "C11"),
            indicators=(BEDS,), gain=45.0, marginal=39.0, total=72.0,
        ),
        _site(
            candidates, "close_gap", 2, f"{PREMISES}#3", "和平里3号",
            services=("elder_home",), size=35.0, unit="beds", beds=35.0, cost=420.0, phase=2025.0, serves=serves("C08", "C12"),
            indicators=(BEDS,), gain=38.0, marginal=35.0, total=37.0,
        ),
        _site(
            candidates, "close_gap", 3, "generated/grid#1", intent,
            services=("elder_day_care", "childcare"), size=750.0, unit="m2", beds=19.0, places=6.0, floor_area_m2=750.0,
            cost=310.0, phase=2030.0, serves=serves("C04"), indicators=(BEDS, PLACES), gain=19.0, marginal=19.0, total=18.0,
        ),
        _site(
            candidates, "close_gap", 4, f"{PREMISES}#4", "春晖路52号",
            size=17.0, unit="beds", beds=17.0, cost=230.0, phase=2030.0, serves=serves("C05", "C07"),
            indicators=(BEDS,), gain=20.0, marginal=17.0, total=1.0,
        ),
    ]  # fmt: skip
    return _site_table(rows)


def _cover_sites(candidates, outside, covered, zh):
    shares, at = GAINS[:3], (f"{PREMISES}#7", f"{PREMISES}#3", f"{PREMISES}#2")
    places = ("胜利路北端", "和平里3号", "长青路18号")
    rows, total = [], covered
    for order, (share, key, place) in enumerate(zip(shares, at, places, strict=True), start=1):
        gain = round(outside * share)
        total += gain
        values = {"gain": float(round(gain * 1.2)), "marginal": float(gain), "total": float(total)}
        serves = (
            ("community/C10", "community/C09"),
            ("community/C08", "community/C12"),
            ("community/C11",),
        )[order - 1]
        rows.append(
            _site(
                candidates, "cover_elders", order, key, place, services=("elder_home",), serves=serves, indicators=(CIRCLE_E,),
                **values,
            )
        )  # fmt: skip
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
    unmet, cover = (
        ("未补齐的床位", "服务圈覆盖的老年人") if zh else ("beds still missing", "elders within the circle")
    )
    rows = [
        usual
        | {
            "question": "close_gap", "ask": "sizes", "status": "optimal", "aim": unmet, "unit": "beds", "objective": 1.0,
            "bound": 1.0, "gap": 0.0, "recount": 1.0, "before": 111.0, "sites": 4, "cost": 1343.0, "nodes": 7, "adopted": True,
        },
        usual
        | {
            "question": "cover_elders", "ask": "cover", "status": "within", "stopped": "nodes", "aim": cover, "unit": "people",
            "objective": best, "bound": float(bound), "gap": (bound - best) / bound, "recount": best, "before": covered,
            "sites": 3, "cost": np.nan, "nodes": 100,
        },
        usual
        | {
            "question": "everyone", "ask": "share", "status": "infeasible", "aim": "点位数" if zh else "sites", "unit": "sites",
            "objective": np.nan, "bound": np.nan, "gap": np.nan, "recount": np.nan, "before": 0.0, "sites": 0, "cost": 0.0,
            "nodes": 0,
        },
    ]  # fmt: skip
    for row in rows:
        row["label"] = labels[row["question"]][0 if zh else 1] + nasty
    return pd.DataFrame(rows)[list(ANSWERS)]


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
        (gap, "community/C05", 2025.0, 5.0, "beds", "budget"),
        (gap, "community/C07", 2025.0, 12.0, "beds", "too_small"),
        (gap, "community/C09", 2025.0, 1.0, "beds", "no_candidate"),
        (gap, "community/C09", 2030.0, 1.0, "beds", "no_candidate"),
        (cover, "community/C09", np.nan, 88.0, "people", "too_far"),
        (cover, "community/C04", np.nan, 69.0, "people", "sites"),
        (cover, "community/C12", np.nan, 25.0, "people", "none"),
    ]
    return pd.DataFrame(rows, columns=list(UNMET))
