"""Premises of the planner's lists that lie within the circle's radius of where most people of a community live."""

from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.report.content.names import present, rows_of, text
from geoplan.standards.priority import centres
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_number
from geoplan.words.vocabulary import narrower, vocabulary

#: Premises that a cell names.
MOST_NAMED = 1


class Premises:
    """The premises of one outcome: no areas of intent, nothing that is ruled out."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    @cached_property
    def offered(self) -> gpd.GeoDataFrame:
        """The premises that planners offer, by candidate_id."""
        table = self._outcome.candidates if len(self._outcome.candidates) else self._outcome.premises
        return gpd.GeoDataFrame(table[~table["generated"].astype(bool) & (table["rule"] != "forbidden")])

    @cached_property
    def radius_m(self) -> float:
        """The longest walk of a service, metres."""
        return max((service.walk_m for service in self._outcome.services.values()), default=0.0)

    @cached_property
    def _centres(self) -> dict[str, shapely.Point]:
        return dict(centres(self._outcome.demand, self._outcome.groups.index).items())

    def near(self, zone_id: str) -> pd.DataFrame:
        """Return the premises within the radius, in a straight line, of where most of the zone's people live, the nearest first, with ``metres``."""
        table, centre = self.offered, self._centres.get(zone_id)
        # without people there is no place to measure from
        metres = (
            np.full(len(table), np.inf) if centre is None else shapely.distance(table.geometry.array, centre)
        )
        near: pd.DataFrame = table.assign(metres=metres).sort_values("metres", kind="stable")
        return near[near["metres"] <= self.radius_m]

    def named(self, zone_id: str, family: str, lang: str) -> str:
        """Return the nearest premises that may hold a family of services, by name and floor area; that there is none; nothing without a list."""
        if self.offered.empty:
            return ""
        types = narrower(family) if family in vocabulary("types") else frozenset({family})
        near = [row for row in rows_of(pd.DataFrame(self.near(zone_id).drop(columns="geometry"))) if not row["services"] or types & set(row["services"])]  # fmt: skip
        if not near:
            return phrase("premises_none", lang)
        shown = phrase("join_items", lang).join(_name(row, lang) for row in near[:MOST_NAMED])
        more = len(near) - MOST_NAMED
        return shown + (phrase("premises_more", lang, count=len(near)) if more > 0 else "")


def _name(row: dict[str, object], lang: str) -> str:
    area = row["floor_area_m2"]
    if not present(area):
        return text(row["name"])
    return text(row["name"]) + phrase("premises_area", lang, area=format_number(float(area), "count"))  # type: ignore[arg-type]
