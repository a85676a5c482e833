"""A town by hand: two towns, four communities, three estates, twelve blocks of people, and a handful of facilities.

Everything is small enough to add up on paper. Blocks stand 100 m apart on one street from west to east; every block
holds 100 residents, 20 elders, 3 under-threes and 40 households. Blocks 0-2 are community A, 3-5 B (town 1), 6-8 C,
9-11 D (town 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from packs import PACK
from shapely.geometry import Point, box
from towns import zone_table

from geoplan.coverage.circle import circle_table, straight_nearest
from geoplan.standards.assess import assess
from geoplan.standards.data import AssessmentData
from geoplan.standards.packs.read import read_pack
from geoplan.tables import REPORTED, Service

SERVICES = {
    "eldercare": Service(
        name="eldercare", label_zh="养老服务", label_en="eldercare", facilities=("elder_home", "elder_day_care"),
        group="elders_60", walk_minutes=15.0, walk_kmh=1.2,
    ),
    "childcare": Service(
        name="childcare", label_zh="托育服务", label_en="childcare", facilities=("childcare", "kindergarten_class"),
        group="under_3", walk_minutes=15.0, walk_kmh=1.2,
    ),
}  # fmt: skip


def zones_table() -> gpd.GeoDataFrame:
    table = zone_table([
        (f"{level}/{code}", level, name, parent, box(west, 0, east, 100))
        for level, code, name, parent, west, east in (
            ("area", "1", "示例区", None, 0, 1200), ("town", "1", "东街道", "area/1", 0, 600), ("town", "2", "西镇", "area/1", 600, 1200),
            ("community", "A", "向阳社区", "town/1", 0, 300), ("community", "B", "北秀社区", "town/1", 300, 600),
            ("community", "C", "河东社区", "town/2", 600, 900), ("community", "D", "河西村", "town/2", 900, 1200),
            ("estate", "e1", "新苑", "community/A", 0, 100), ("estate", "e2", "新城", "community/C", 600, 700),
            ("estate", "e3", "老院", "community/D", 900, 1000),
        )
    ])  # fmt: skip
    estates = {
        "built_year": [2022.0, 2023.0, 2001.0], "households": [400.0, 1200.0, 500.0], "eldercare_rooms_m2": [320.0, 250.0, 90.0],
        "childcare_rooms_m2": [100.0, 0.0, np.nan], "handed_over": pd.array([True, True, True], dtype="boolean"),
    }  # fmt: skip
    told = pd.DataFrame(estates, index=["estate/e1", "estate/e2", "estate/e3"])
    return table.assign(**{column: told[column].reindex(table.index) for column in told})


def demand_table() -> gpd.GeoDataFrame:
    owner = np.repeat(["community/A", "community/B", "community/C", "community/D"], 3)
    points = [Point(50 + 100 * i, 50) for i in range(12)]
    return gpd.GeoDataFrame(
        {"zone_id": owner, "halo": False, "residents": 100.0, "elders_60": 20.0, "under_3": 3.0, "households": 40.0},
        geometry=points, index=pd.RangeIndex(12, name="demand_id"), crs="EPSG:4547",
    )  # fmt: skip


def facility(name: str, kind: str, x: float | None, zone: str | None, **attributes: Any) -> dict[str, Any]:
    quality = "exact" if x is not None else "missing"
    return {
        "name": name, "services": (kind,), "status": "existing", "open_year": np.nan, "close_year": np.nan,
        "zone_id": zone, "zone_from": None if zone is None else "point", "serves": (), "location_quality": quality,
        "source_file": "register.xlsx", "geometry": None if x is None else Point(x, 50), **attributes,
    }  # fmt: skip


def facilities_table(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4547")
    table.index = pd.Index([f"register.xlsx#{i + 2}" for i in range(len(rows))], name="facility_id")
    table["source_row"] = range(2, len(rows) + 2)
    return table


_WALKS: dict[tuple[int, ...], tuple[Any, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]] = {}


@dataclass(frozen=True)
class Town:
    """One study by hand; `change` gives another, `assess` judges it."""

    zones: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    supplies: pd.DataFrame
    year: int = 2025
    overlay: pd.DataFrame | None = None
    services: Mapping[str, Service] = field(default_factory=lambda: SERVICES)
    off: tuple[int, ...] = ()  # blocks that do not join the network
    facilities_off: tuple[str, ...] = ()  # facilities that do not

    def change(self, **values: Any) -> "Town":
        return replace(self, **values)

    def with_zones(self, **columns: Any) -> "Town":
        return replace(self, zones=self.zones.assign(**columns))

    def with_facilities(self, **columns: Any) -> "Town":
        return replace(self, facilities=self.facilities.assign(**columns))

    def with_demand(self, **columns: Any) -> "Town":
        return replace(self, demand=self.demand.assign(**columns))

    def of_kind(self, **words: Any) -> "Town":
        """Set the kind of zones: `community_A=("new",)`; `others` holds for all zones that are not named."""
        others = words.pop("others", ())
        return self.with_zones(
            kind=[frozenset(words.get(i.replace("/", "_"), others)) for i in self.zones.index]
        )

    def without_towns(self) -> "Town":
        zones = self.zones[self.zones["level"] != "town"]
        parents = zones["parent_id"].where(zones["level"] != "community", "area/1")
        return replace(self, zones=zones.assign(parent_id=parents))

    def supply(self, **amounts: Any) -> "Town":
        """Set supplies: `beds={"A": 30, "B": (0, inf)}` by facility name."""
        ids = dict(zip(self.facilities["name"], self.facilities.index, strict=True))
        table = self.supplies
        for supply, each in amounts.items():
            for name, value in each.items():
                low, high = value if isinstance(value, tuple) else (value, value)
                hit = (table["facility_id"] == ids[name]) & (table["supply"] == supply)
                kind = self.facilities.loc[ids[name], "services"][0]
                row = pd.DataFrame(
                    [(ids[name], kind, supply, float(low), float(high))], columns=table.columns
                )
                table = pd.concat([table[~hit], row], ignore_index=True)
        return replace(self, supplies=table)

    def seconds(self) -> pd.DataFrame:
        """Walks along the street at a third of a metre a second: 15 minutes are 300 m."""
        homes = self.demand[~self.demand.index.isin(self.off)]
        placed = self.facilities[self.facilities.geometry.notna() & ~self.facilities.geometry.is_empty]
        placed = placed[~placed.index.isin(self.facilities_off)]
        x, fx = homes.geometry.x.to_numpy(), placed.geometry.x.to_numpy()
        grid = np.abs(x[:, None] - fx[None, :])
        rows, columns = np.indices(grid.shape)
        return pd.DataFrame({
            "demand_id": homes.index[rows.ravel()], "facility_id": placed.index[columns.ravel()], "seconds": 3 * grid.ravel(),
        })  # fmt: skip

    def walks(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Pairs, nearest and circle; computed once for the same tables, which no test changes in place."""
        parts = (
            self.zones,
            self.demand,
            self.facilities,
            self.services,
            self.overlay,
            self.off,
            self.facilities_off,
            type(self).seconds,
        )
        key = tuple(map(id, parts))
        if key not in _WALKS:
            _WALKS[key] = (parts, self._walks())
        return _WALKS[key][1]

    def _walks(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        every = self.seconds()
        pairs, nearest = [], []
        for name, terms in self.services.items():
            ids = [
                i for i, kinds in self.facilities["services"].items() if set(kinds) & set(terms.facilities)
            ]
            mine = every[every["facility_id"].isin(ids)].assign(service=name)
            pairs.append(mine[mine["seconds"] <= terms.limit_seconds + 1e-6])
            first = mine.sort_values(["demand_id", "seconds", "facility_id"]).drop_duplicates("demand_id")
            full = pd.DataFrame({"demand_id": self.demand.index}).merge(first, how="left", on="demand_id")
            nearest.append(full.assign(service=name))
        columns = ["service", "demand_id", "facility_id", "seconds"]
        near = pd.concat(nearest)[columns].reset_index(drop=True)
        circle = circle_table(
            demand=self.demand, zones=self.zones, services=self.services, overlay=self.overlay,
            nearest={
                "network": near, "straight": straight_nearest(self.demand, self.facilities, services=self.services)
            },
            off_network=self.off,
        )  # fmt: skip
        return pd.concat(pairs)[columns].reset_index(drop=True), near, circle

    def tables(self) -> dict[str, Any]:
        pairs, near, circle = self.walks()
        return {
            "zones": self.zones, "demand": self.demand, "overlay": self.overlay, "facilities": self.facilities,
            "supplies": self.supplies, "pairs": pairs, "circle": circle,
            "services": self.services, "year": self.year, "nearest": near, "off_network": self.off,
            "facilities_off_network": self.facilities_off,
            "groups": pd.DataFrame(
                {"basis": ["常住"] * 4, "year": [2020] * 4}, index=["residents", "elders_60", "under_3", "households"]
            ),
        }  # fmt: skip

    def assess(self, rules: Any, *, reported: Any = (), flag_rules: Any = None, **tables: Any) -> Any:
        usual = {"by": None, "period": None, "adopt": "", "reason": "", "source": ""}
        told = [
            usual | dict(zip(("rule_id", "value", "by", "period", "adopt"), row, strict=False))
            for row in reported
        ]
        tables["reported"] = REPORTED.typed(pd.DataFrame(told, columns=list(REPORTED)))
        return assess(self.data(**tables), rules, flag_rules=flag_rules)

    def members(self, rules: Any, **more: Any) -> pd.DataFrame:
        return self.assess(rules, **more).members.set_index("member_id")

    def finding(self, rules: Any, rule: str = "local.r", zone: str = "area/1", **more: Any) -> pd.Series:
        table = self.assess(rules, flag_rules=(), **more).findings.set_index(["rule_id", "zone_id"])
        return table.loc[(rule, zone)]

    def verdict(self, rules: Any, rule: str = "local.r", **more: Any) -> str:
        return str(self.finding(rules, rule, **more)["verdict"])

    def data(self, **tables: Any) -> AssessmentData:
        return AssessmentData(**{**self.tables(), **tables})


@cache
def town_by_hand() -> Town:
    rows = [
        facility("福利院", "elder_home", 50, "community/A", public=True, inclusive=True, medical_unit=False, registered=pd.NA),
        facility("阳光养老院", "elder_home", 350, "community/B", public=False, inclusive=False, medical_unit=True, registered=pd.NA),
        facility("向阳日间照料室", "elder_day_care", 150, "community/A", public=True, inclusive=True, medical_unit=False, registered=pd.NA),
        facility("河东日间照料室", "elder_day_care", 650, "community/C", public=True, inclusive=True, medical_unit=False, registered=pd.NA),
        facility("苗苗托育园", "childcare", 250, "community/A", public=False, inclusive=True, medical_unit=pd.NA, registered=True),
        facility("幼儿园托班", "kindergarten_class", 450, "community/B", public=True, inclusive=True, medical_unit=pd.NA, registered=pd.NA),
    ]  # fmt: skip
    facilities = facilities_table(rows)
    blank = pd.DataFrame(columns=["facility_id", "service", "supply", "low", "high"])
    blank = blank.astype({"low": float, "high": float})
    return Town(zones_table(), demand_table(), facilities, blank).supply(
        beds={"福利院": 4, "阳光养老院": 6, "向阳日间照料室": 1, "河东日间照料室": 1},
        nursing_beds={"福利院": 2, "阳光养老院": 2, "向阳日间照料室": 0, "河东日间照料室": 0},
        floor_area_m2={"福利院": 500, "阳光养老院": 600, "向阳日间照料室": 90, "河东日间照料室": 60, "苗苗托育园": 150, "幼儿园托班": 210},
        places={"苗苗托育园": 3, "幼儿园托班": 2},
        inclusive_places={"苗苗托育园": 3, "幼儿园托班": 0},
    )  # fmt: skip


@pytest.fixture(scope="session")
def town() -> Town:
    return town_by_hand()


@pytest.fixture
def rules_from(tmp_path):
    """Rules from a few lines: what every rule has is filled in."""
    defaults = {"id": "r", "indicator": "指标", "title_en": "indicator", "counts": "x", "unit": "beds", "attribute": "预期",
                "clause": "一", "quote": "原文", "level": "district"}  # fmt: skip

    def make(*rules: str, level: str = "district") -> list[Any]:
        text = PACK.format(level=level)
        for body in rules:
            lines = [line for line in body.strip().splitlines() if line.strip()]
            told = {line.split(":")[0].strip() for line in lines}
            lines += [f"{key}: {value}" for key, value in defaults.items() if key not in told]
            text += "  - " + "\n    ".join(line.strip() for line in lines) + "\n"
        file = tmp_path / "local.yaml"
        file.write_text(text, encoding="utf-8")
        return list(read_pack(file).rules)

    return make
