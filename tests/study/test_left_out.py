"""Every optional entry of a study is left out once: geoplan answers, or says in an error what is missing; never a traceback.

`STUDIES` holds every entry of the model somewhere, which a walk over the model checks: a new entry is added to one of them.
"""

import copy
from typing import get_args

import geopandas as gpd
import numpy as np
import pytest
import yaml
from shapely import LineString, box
from small_town import (
    CRS,
    SIDE,
    SOUTH,
    WEST,
    SmallTown,
    lonlat,
    street_layer,
    write_csv,
    write_raster,
    zone_layer,
)

import geoplan as gp
from geoplan.study.entry import Entry
from geoplan.study.study import Study
from geoplan.words.errors import GeoplanError

AGES = [f"{a}-{a + 4}岁" for a in range(0, 85, 5)] + ["85岁及以上"]
LAYER = {
    "layer": "zones",
    "encoding": "UTF-8",
    "datum": CRS,
    "name": "name",
    "source": "甲",
    "kind": {"column": "kind", "城镇": "urban"},
}
CENSUS = {"file": "c.csv", "layer": "c", "zone": "社区", "parent": "街道"}
SERVICE = {
    "facilities": ["elder_day_care"], "group": "elders_60", "walk_minutes": 15, "walk_kmh": 4.0, "label": "养老", "straight_m": 900, "flag_share": 0.3,
    "decay": {"5": 1.0, "15": 0.5}, "need": {"supply": "beds", "per_1000": 50, "of": "residents", "further": {"elders_60": 20}}, "bands_minutes": [5, 15],
}  # fmt: skip
BASE = {
    "format": 1, "name": "小例", "year": 2025, "lang": "en", "synthetic": True, "crs": CRS, "own_types": ["canteen"], "papers": [], "frail_kmh": 2.5, "out": "results",
    "map": {"tiles": "https://maps.example/{z}/{x}/{y}.png", "attribution": "甲", "max_zoom": 17, "review_no": "GS(2025)1号"},
    "zones": [
        {"level": "district", "role": "study", "file": "district.geojson", "id": "code", "name": "name"},
        {"level": "town", "from": "community", "by": "town"},
        {"level": "community", "file": "zones.gpkg", "id": "code", "parent": "town", "totals": {"residents": "pop", "under_3": "kids"}, **LAYER},
        {"level": "estate", "file": "estates.gpkg", "id": "code", "name": "name", "columns": {"households": "hh", "built_year": "built"}},
    ],
    "streets": {
        "file": "streets.gpkg", "layer": "streets", "datum": CRS, "source": "甲", "classes": "highway", "walk": {"trunk": True}, "private": "residents",
        "gates": "open", "gate_states": {"西门": True}, "barriers": "river.geojson", "slope": {"file": "dem.tif", "rule": {"0": 1.0, "0.1": 0.8}},
        "delays": {"crossing_seconds": 5, "steps_factor": 2}, "max_snap_m": 200, "island_nodes": 10, "join": "crossings", "components": "several", "max_off_network_share": 0.3,
        "ferry": {"wait_minutes": 5, "kmh": 12}, "at": "We 22:00",
    },
    "population": {
        "residents": {"raster": {"file": "pop.tif", "bands": 1, "nodata": -1}, "max_per_km2": 90000, "rake_to": "community", "basis": "常住", "year": 2024, "source": "甲"},
        "elders_60": {"of": "residents", "rate": {"raster": "old.tif", "over": "pop.tif", "times": 0.9}, "source": "甲", "basis": "常住", "year": 2024},
        "households": {"of": "residents", "people_per_household": 2.7},
        "under_3": {"rake_to": "community", "spread": "point", "basis": "户籍", "year": 2024},
    },
    "facilities": [
        {"file": "homes.csv", "layer": "homes", "datum": "wgs84", "types": {"日间照料": "elder_day_care", "养老院": ["elder_home"]}, "source": "甲",
         "where": "有效", "columns": {"name": "机构名称"}, "status": {"开": "existing"}, "lookup": "lookup.csv", "accepted": "accepted.csv"},
        {"file": "more.csv", "type": "elder_day_care", "lacks": ["nursing_beds"]}, {"none": True, "type": "childcare"},
    ],
    "services": {"eldercare": SERVICE},
    "zone_supplies": [{"file": "supplies.csv", "layer": "s", "level": "community", "zone": "社区", "parent": "街道", "supplies": {"family_beds": "家庭床位"}, "source": "甲"}],
    "projects": [{"file": "projects.csv", "layer": "p", "datum": "wgs84", "columns": {"name": "项目名称"}, "types": {"日照": "elder_day_care"}, "source": "甲"}],
    "land": {"file": "land.gpkg", "layer": "land", "datum": CRS, "source": "甲"},
    "packs": ["local.yaml"], "switch_on": ["local.beds"], "flag_rules": ["local.circle"],
    "thresholds": {"local.circle": 0.5}, "reported": [{"rule": "local.circle", "value": 0.5, "by": "民政局", "period": "2025Q2", "adopt": "reported", "reason": "甲"}],
    "reporting": [{"file": "reporting.csv", "source": "甲"}],
    "priority": {"affected": 1.0, "depth": 2.0, "without_premise": 0.4, "not_alone_places": 4, "not_alone_beds": 4, "not_alone_m2": 40,
                 "smallest_places": 30, "smallest_beds": 20, "smallest_m2": 200, "idle_below": 0.5},
    "exports": {"formats": ["shp"], "crs": "EPSG:4548"},
}  # fmt: skip
RULE = {"title_en": "A", "counts": "甲", "attribute": "未标注", "clause": "一", "quote": "甲"}
PACK = {
    "title_zh": "甲", "title_en": "A", "document": "not found", "issuer_zh": "甲", "issuer_en": "A", "issued": "not found", "years": [2021, 2025],
    "area_zh": "甲", "area_en": "A", "level": "district", "source": "甲",
    "rules": [
        RULE | {"id": "circle", "indicator": "服务圈", "kind": "circle", "level": "district", "unit": "people", "target": "未量化@2025",
                "of": {"facilities": ["elder_day_care"]}, "minutes": 15.0, "group": "elders_60"},
        RULE | {"id": "beds", "indicator": "床位", "kind": "total", "level": "district", "unit": "beds", "target": ">=10@2025", "active": False,
                "of": {"facilities": ["elder_day_care"]}, "supply": "beds"},
    ],
}  # fmt: skip
QUESTION = {
    "ask": "cover", "label": "一", "services": ["eldercare"], "build": {"eldercare": "elder_day_care"}, "attributes": {"public": True},
    "candidates": [1, 2], "sites": 2, "budget": 1000, "fair": "total", "worst_share": 0.2, "min_total_share": 0.9, "reach_minutes": 30,
    "minimise": "sites", "first": "shortfall", "may_stay": 0, "size_target": "required", "min_reach_share": 0.4, "walk_minutes": 12, "mode": "reachable", "smallest": 5, "largest": 50,
    "m2_per_bed": 20, "m2_per_place": 12, "curve": 3, "min_spacing_m": 150, "min_gain": 2.0, "tolerance": 0.01, "gap": 0.1, "most_nodes": 10, "most_seconds": 5, "share": 0.5,
    "min_share_per_community": 0.1, "rules": [], "phases": [{"by": 2025, "sites": 1, "budget": 500}, {"by": 2030, "sites": 2, "budget": 900}],
}  # fmt: skip
SITING = {
    "adopt": "one", "questions": {"one": QUESTION},
    "candidates": [
        {"file": "premises.csv", "layer": "p", "datum": "wgs84", "columns": {"name": "名称"}, "types": {"日照": "elder_day_care"},
         "services": ["elder_day_care"], "construction_type": "rent", "land_codes": [], "source": "甲"},
        {"generate": "grid", "spacing_m": 400, "exclude": "land.gpkg", "most": 5},
    ],
}  # fmt: skip
PROJECTED = {
    "before": {**CENSUS, "year": 2015, "women": "c.csv"}, "after": {**CENSUS, "year": 2020, "women": "c.csv"}, "ages": "60+", "rule": "pchip",
    "least": 10, "ratios_by": "town",
    "totals": {"file": "plan.csv", "layer": "p", "zone": "社区", "parent": "街道", "level": "community", "total": "人数", "ages": "60+"},
}  # fmt: skip
PEOPLE = {
    "projected": {"elders_60": {"rake_to": "community", "basis": "常住", "project": PROJECTED}},
    "planned": {"elders_60": {"rake_to": "community", "project": {**PROJECTED, "totals": {"people": 300}}}},
    "born": {"elders_60": {"rake_to": "community", "project": {"births": {"file": "births.csv", "layer": "b", "zone": "社区", "parent": "街道",
                                                                     "survival": {2023: 1.0, 2024: 1.0, 2025: 1.0}}}}},
    "of women": {"elders_60": {"rake_to": "community", "project": {"women": {"file": "women.csv", "layer": "w", "zone": "社区", "parent": "街道",
                                                                         "count": "人数", "ratio": 0.1}}}},
    "counted": {"elders_60": {"rake_to": "community", "basis": "户籍", "table": {"file": "plan.csv", "layer": "p", "zone": "社区", "parent": "街道",
                                                                           "count": "人数", "date": "2024-12"}}},
    "by age": {"elders_60": {"rake_to": "community", "basis": "户籍", "study_year_total": 320, "table": {"file": "c.csv", "zone": "社区", "ages": "62+", "rule": "uniform",
                                                                          "date": "2024"}}},
    "metres": {"elders_60": {"street_m": True, "year": 2025, "basis": "路长"}},
}  # fmt: skip
#: Entries that stand in no study here: how they are given instead.
INSTEAD = {
    ("Streets", "place"): "`file`; downloads", ("ZoneLayer", "h3"): "hexagons: tests/inputs_zones", ("Census", "layer"): "", ("PlanTotals", "layer"): "",
    ("Births", "layer"): "", ("Women", "layer"): "", ("RasterFile", "layer"): "an archive: tests/inputs_zones",
}  # fmt: skip


#: What is left to a study of its own, since it is slow and touches nothing else.
LISTS = (
    "projects",
    "zone_supplies",
    "land",
    "exports",
    "packs",
    "switch_on",
    "flag_rules",
    "thresholds",
    "reported",
    "reporting",
)


def _studies():
    light = {key: value for key, value in BASE.items() if key not in LISTS}
    simple = light | {"services": {"eldercare": {k: v for k, v in SERVICE.items() if k != "need"}}}
    lists = {"lists": simple | {key: BASE[key] for key in LISTS}, "siting": simple | {"siting": SITING}}
    without_totals = [{k: v for k, v in layer.items() if k != "totals"} for layer in BASE["zones"]]
    people = {
        name: simple | {"population": groups, "zones": without_totals} for name, groups in PEOPLE.items()
    }
    return {"everything": light} | lists | people


STUDIES = _studies()


def optional(model, value, at=()):
    """Yield the path of every entry of a study that may be left out, with its model and name."""
    if isinstance(model, type) and issubclass(model, Entry) and isinstance(value, dict):
        for key, inner in value.items():
            field = model.model_fields.get(key) or next(
                f for f in model.model_fields.values() if f.alias == key
            )
            if not field.is_required():
                yield (*at, key), model.__name__, key
            yield from _inside(field.annotation, inner, (*at, key))


def _inside(annotation, value, at):
    args = get_args(annotation)
    if isinstance(annotation, type) and not args:
        yield from optional(annotation, value, at)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            for part in args:
                yield from _inside(part, one, (*at, number))
    elif isinstance(value, dict) and args and getattr(annotation, "__origin__", None) is dict:
        for key, one in value.items():
            yield from _inside(args[1], one, (*at, key))
    else:
        for part in args:
            yield from _inside(part, value, at)


#: Each entry of each model once, in the first study that gives it.
CASES = list(
    {
        (model, key): (name, path)
        for name, study in reversed(STUDIES.items())
        for path, model, key in reversed([*optional(Study, study)])
    }.values()
)


def every_model(annotation, found):
    if isinstance(annotation, type) and issubclass(annotation, Entry) and annotation not in found:
        found.append(annotation)
        for field in annotation.model_fields.values():
            every_model(field.annotation, found)
    for part in get_args(annotation):
        every_model(part, found)
    return found


def test_the_studies_hold_every_optional_entry_of_the_model():
    given = {(model, key) for study in STUDIES.values() for _, model, key in optional(Study, study)}
    wanted = {
        (model.__name__, field.alias or name)
        for model in every_model(Study, [])
        for name, field in model.model_fields.items()
        if not field.is_required()
    }
    assert wanted - given - set(INSTEAD) == set()


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Return the small town with a file for every entry."""
    town = SmallTown(tmp_path_factory.mktemp("left_out"))
    zone_layer(CRS).assign(kind="城镇", kids=30).to_file(
        town.path("zones.gpkg"), layer="zones", driver="GPKG"
    )
    estate = box(WEST + 100, SOUTH + 100, WEST + 300, SOUTH + 300)
    gpd.GeoDataFrame(
        {"code": ["E1"], "name": ["桦苑"], "hh": [100], "built": [2000]}, geometry=[estate], crs=CRS
    ).to_file(town.path("estates.gpkg"))
    street_layer().to_file(town.path("streets.gpkg"), layer="streets", driver="GPKG")
    river = LineString([(WEST - 50, SOUTH - 50), (WEST + 2 * SIDE, SOUTH - 50)])
    gpd.GeoDataFrame({"id": [1]}, geometry=[river], crs=CRS).to_crs(4326).to_file(town.path("river.geojson"))
    gpd.GeoDataFrame({"id": [1]}, geometry=[box(WEST, SOUTH, WEST + 500, SOUTH + 500)], crs=CRS).to_file(
        town.path("land.gpkg"), layer="land"
    )
    write_raster(
        town.path("dem.tif"),
        np.add.outer(np.arange(12.0), np.arange(24.0)),
        west=WEST - 200,
        north=SOUTH + SIDE + 100,
    )
    write_raster(town.path("old.tif"), np.full((10, 20), 2.0))
    at = lonlat(520, 530)
    head = ["机构名称", "类型", "所属社区", "经度", "纬度", "床位数", "有效", "状态"]
    write_csv(
        town.path("homes.csv"),
        [
            head,
            ["一号", "日间照料", "西社区", *at, 30, 1, "开"],
            ["二号", "养老院", "东社区", "", "", 20, 1, "开"],
        ],
    )
    write_csv(town.path("more.csv"), [head, ["三号", "", "东社区", *lonlat(1520, 530), 10, 1, "现状"]])
    write_csv(town.path("lookup.csv"), [["name", "lon", "lat"], ["二号", *lonlat(1420, 530)]])
    write_csv(
        town.path("accepted.csv"), [["facility_id", "lon", "lat"], ["二号@homes.csv", *lonlat(1420, 530)]]
    )
    write_csv(
        town.path("supplies.csv"),
        [["社区", "街道", "家庭床位"], ["西社区", "示例镇", 5], ["东社区", "示例镇", 6]],
    )
    write_csv(
        town.path("reporting.csv"),
        [["指标编号", "填报期", "填报值", "采用值"], ["local.circle", "2025Q3", 45, "测算值"]],
    )
    project = ["项目名称", "建设性质", "设施类型", "经度", "纬度", "新增床位", "启用年份", "总投资"]
    write_csv(town.path("projects.csv"), [project, ["甲", "新建", "日照", *lonlat(1720, 730), 20, 2025, 100]])
    write_csv(
        town.path("premises.csv"),
        [
            ["名称", "经度", "纬度", "建筑面积", "投资"],
            ["甲屋", *lonlat(1220, 330), 600, 50],
            ["乙屋", *lonlat(1720, 730), 800, 80],
        ],
    )
    rows = [["社区", "街道", *AGES], *([name, "示例镇", *[100] * len(AGES)] for name in ("西社区", "东社区"))]
    write_csv(town.path("c.csv"), rows)
    town.path("local.yaml").write_text(yaml.safe_dump(PACK, allow_unicode=True), encoding="utf-8")
    write_csv(
        town.path("plan.csv"),
        [["社区", "街道", "人数"], ["西社区", "示例镇", 150], ["东社区", "示例镇", 150]],
    )
    write_csv(
        town.path("women.csv"),
        [["社区", "街道", "人数"], ["西社区", "示例镇", 150], ["东社区", "示例镇", 150]],
    )
    write_csv(
        town.path("births.csv"),
        [
            ["社区", "街道", "2023", "2024", "2025"],
            ["西社区", "示例镇", 9, 9, 9],
            ["东社区", "示例镇", 8, 8, 8],
        ],
    )
    return town


def answered(town, study):
    """Run (and site) a study; return the outcome, or the error that says what is wrong."""
    town.study = study
    path = town.write()
    try:
        found = gp.read_study(path)
        return gp.run(found).outcome if found.siting is None else gp.site(found).before.outcome
    except GeoplanError as error:
        return error


def without(study, path):
    """Return a study without one entry."""
    study = copy.deepcopy(study)
    *above, last = path
    at = study
    for step in above:
        at = at[step]
    del at[last]
    return study


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", STUDIES)
def test_the_studies_run_as_they_are(town, name):
    found = answered(town, copy.deepcopy(STUDIES[name]))
    assert not isinstance(found, GeoplanError), found.text("en")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("name", "path"), CASES, ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else part
)
def test_an_optional_entry_may_be_left_out(town, name, path):
    found = answered(town, without(STUDIES[name], path))
    if isinstance(found, GeoplanError):
        assert all(not isinstance(note, str) for note in found.notes)
        assert found.text("zh")


def test_the_text_of_the_studies_is_yaml(town):
    assert yaml.safe_load(town.write().read_text(encoding="utf-8"))["name"] == "小例"
