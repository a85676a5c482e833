"""Zones and points of a register against each other: where points lie, whom facilities serve, and what disagrees."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.inputs.facilities.cells import split_words
from geoplan.inputs.facilities.placing import NamedZones
from geoplan.inputs.facilities.points import BOUNDARY_SLACK_M, Placed
from geoplan.inputs.facilities.supplies import row_of
from geoplan.inputs.facilities.zone_names import ZoneNames
from geoplan.words.errors import Note

#: Levels that partition the area, fine to coarse.
_FINE_FIRST = ("community", "town", "district")


def point_zones(points: gpd.GeoSeries, zones: gpd.GeoDataFrame) -> pd.Series:
    """Return the finest zone of the partition that each point lies in; None outside of all.

    In an overlap the smaller zone has the point; on a common border the one whose id comes first.
    """
    found = pd.Series(None, index=points.index, dtype=object)
    for level in _FINE_FIRST:
        layer = zones[(zones["level"] == level) & zones.geometry.notna()]
        open_ = found.index[found.isna()]
        if layer.empty or open_.empty:
            continue
        order = np.lexsort((layer.index.astype(str), layer.geometry.area))
        layer = layer.iloc[order]
        at_point, at_zone = shapely.STRtree(layer.geometry.to_numpy()).query(
            points[open_].to_numpy(), predicate="intersects"
        )
        hits = pd.Series(at_zone).groupby(at_point).min()
        found[open_[hits.index]] = layer.index[hits.to_numpy()]
    return found


def serves_zones(
    cells: pd.Series, numbers: pd.Series, names: ZoneNames, zone_id: pd.Series, *, file: str
) -> tuple[pd.Series, list[Note]]:
    """Return the zones that each row says it serves (tuples), and a note for every name that no zone has.

    A name that occurs more than once means the one in the facility's own town or district.
    """
    served, notes = [], []
    for facility_id, cell in cells.items():
        zones: dict[str, None] = {}
        for word in split_words(cell):
            hit = _served(word, zone_id.loc[str(facility_id)], names)
            if hit is None:
                notes.append(
                    Note.of("serves_unknown", file=file, row=row_of(numbers.loc[str(facility_id)]), name=word)
                )
            else:
                zones[hit] = None
        served.append(tuple(zones))
    return pd.Series(served, index=cells.index, dtype=object), notes


def _served(word: str, own: object, names: ZoneNames) -> str | None:
    levels = [level for level in ("community", "town", "district", "estate") if level in names.levels()]
    for level in levels:
        hit = names.find(word, level)
        if hit.why == "ambiguous" and isinstance(own, str):
            inside = (names.find(word, level, within=zone) for zone in names.ancestors(own))
            hit = next((h for h in inside if h.zone_id is not None), hit)
        if hit.zone_id is not None:
            return hit.zone_id
    return None


def zone_point_notes(
    placed: Placed, named: NamedZones, zones: gpd.GeoDataFrame, numbers: pd.Series, *, file: str
) -> list[Note]:
    """Return a note for every point that lies outside of the zone that its row names by more than the boundary's slack."""
    both = placed.geometry.notna() & named.zone_id.notna()
    notes = []
    for facility_id in both.index[both]:
        zone = named.zone_id[facility_id]
        polygon = zones.geometry[zone]
        metres = 0.0 if polygon is None else placed.geometry[facility_id].distance(polygon)
        if metres > BOUNDARY_SLACK_M:
            row, name = row_of(numbers[facility_id]), str(zones.loc[zone, "name"])
            notes.append(
                Note.of(
                    "point_outside_named_zone",
                    file=file,
                    row=row,
                    zone=zone,
                    name=name,
                    metres=f"{metres:.0f}",
                )
            )
    return notes
