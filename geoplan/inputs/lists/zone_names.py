"""Zones of the rows of a list: by the names that people write (武昌区, 向阳社区, W0001), and by points.

A name is compared in full, then without its suffix (街道, 社区 …). Where a name occurs more than once, the district or town that
the same row names decides; what stays ambiguous is not guessed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.inputs.lists.cells import split_words
from geoplan.inputs.lists.rows import Rows
from geoplan.words.errors import Note
from geoplan.words.labels import label
from geoplan.words.text import folded

#: What may follow the proper name at each level.
SUFFIXES: Mapping[str, str] = {
    "district": r"(市辖区|自治县|自治旗|新区|区|县|市|旗)$",
    "town": r"(街道办事处|街道办|街道|地区办事处|办事处|民族乡|镇|乡|街|苏木)$",
    "community": r"(社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|行政村|社区|村|嘎查)$",
    "estate": r"(住宅小区|小区)$",
}
#: Levels that a list may name, coarse to fine.
NAMED_LEVELS = ("district", "town", "community", "estate")
#: Levels that partition the area, fine to coarse.
_FINE_FIRST = ("community", "town", "district")
#: A point that lies this far outside of the zone that its row names is doubted; boundaries are no more exact, metres.
BOUNDARY_SLACK_M = 500.0


def level_words(level: str) -> dict[str, Any]:
    """Return what fills ``{level_zh}`` and ``{level_en}`` of a message."""
    return {"level_zh": label(level, "zh"), "level_en": level}


def clean_name(name: Any) -> str:  # noqa: ANN401 - a cell holds anything
    """Return a name as it is compared: half width, lower case, simplified characters, no blanks and dots.

    Examples
    --------
    >>> clean_name(" 向阳 社区（一）"), clean_name("東湖區")
    ('向阳社区(一)', '东湖区')
    """
    if name is None or name is pd.NA or (isinstance(name, float) and name != name):
        return ""
    return re.sub(r"[\s·•.,，。]", "", folded(str(name)))


def bare_name(name: str, level: str) -> str:
    """Return a cleaned name without the suffix of its level.

    A name that would shrink to one character keeps it, but for the office that stands for the zone: 东街道办事处 is 东街道.
    """
    bare = re.sub(SUFFIXES[level], "", name)
    return (
        bare
        if len(bare) > 1
        else re.sub(r"(?<=..)(办事处|办|居民委员会|村民委员会|居委会|村委会)$", "", name)
    )


@dataclass(frozen=True)
class Found:
    """The zone that a name means, or None and why: ``unknown`` or ``ambiguous``."""

    zone_id: str | None
    why: str = ""


class ZoneNames:
    """Names of the zones of every level, ready to be looked up.

    Parameters
    ----------
    zones
        `tables.ZONES`, indexed by zone_id.
    """

    def __init__(self, zones: gpd.GeoDataFrame) -> None:
        self._parent: dict[str, Any] = dict(zip(zones.index, zones["parent_id"], strict=True))
        self._full: dict[str, dict[str, list[str]]] = {level: {} for level in NAMED_LEVELS}
        self._bare: dict[str, dict[str, list[str]]] = {level: {} for level in NAMED_LEVELS}
        columns = zip(zones.index, zones["level"], zones["name"], zones["code"], strict=True)
        for zone_id, level, name, code in columns:
            if level not in NAMED_LEVELS:
                continue
            keys = {clean_name(name), clean_name(code)} - {""}
            for key in sorted(keys):
                self._full[level].setdefault(key, []).append(zone_id)
            for key in sorted({bare_name(k, level) for k in keys}):
                self._bare[level].setdefault(key, []).append(zone_id)

    def levels(self) -> tuple[str, ...]:
        """Return the levels that have zones."""
        return tuple(level for level in NAMED_LEVELS if self._full[level])

    def ancestors(self, zone_id: str) -> Iterator[str]:
        """Yield the zone and those above it."""
        current: Any = zone_id
        while isinstance(current, str):
            yield current
            current = self._parent.get(current)

    def find(self, name: Any, level: str, *, within: str | None = None) -> Found:  # noqa: ANN401 - a cell
        """Return the zone of `level` that `name` means, inside the zone `within` where one is known."""
        key = clean_name(name)
        options = self._full[level].get(key) or self._bare[level].get(bare_name(key, level), [])
        if within is not None:
            options = [zone for zone in options if within in self.ancestors(zone)]
        if not options:
            return Found(None, "unknown")
        return Found(options[0]) if len(options) == 1 else Found(None, "ambiguous")

    def in_text(self, text: Any, level: str, *, within: str | None = None) -> str | None:  # noqa: ANN401 - a cell
        """Return the one zone of `level` whose full name stands in `text`, the longest name first; None if none or several."""
        key = clean_name(text)
        hits = {
            zone: len(name)
            for name, zones in self._full[level].items()
            if len(name) > 2 and name in key
            for zone in zones
            if within is None or within in self.ancestors(zone)
        }
        longest = [zone for zone, length in hits.items() if length == max(hits.values())]
        return longest[0] if len(longest) == 1 else None


@dataclass(frozen=True)
class NamedZones:
    """The finest zone that each row names, and its district (None where none), by row id.

    `elsewhere` is True where the row names a district that the study does not have.
    """

    zone_id: pd.Series
    district_id: pd.Series
    elsewhere: "pd.Series[bool]"
    notes: tuple[Note, ...]


def named_zones(rows: Rows, place: pd.Series, names: ZoneNames) -> NamedZones:
    """Return the finest zone that each row names; each name is looked up inside the zone named before it.

    Where the columns name none, the zone of which `place` (an address, by row id) is the whole name is taken, else the district,
    town or community whose full name stands in it. Below a district that the study does not have nothing is looked up: its
    和平社区 is another one.
    """
    texts = {level: rows.text(level) for level in NAMED_LEVELS if level in names.levels()}
    find = cache(lambda text, level, within: names.find(text, level, within=within))
    found_rows, notes = [], []
    for row_id, place_text, *named in zip(rows.index, place, *texts.values(), strict=True):
        found: str | None = None
        district: str | None = None
        strange = False
        for level, text in zip(texts, named, strict=True):
            if not text:
                continue
            hit = find(text, level, found)
            if hit.zone_id is not None:
                found = hit.zone_id
                district = found if level == "district" else district
                continue
            notes.append(rows.note(f"zone_name_{hit.why}", row_id, name=text, **level_words(level)))
            strange = level == "district" and hit.why == "unknown"
            if strange:
                break
        if found is None and not strange and place_text:
            found = _zone_in(place_text, names)
        found_rows.append((found, district, strange))
    table = pd.DataFrame(found_rows, columns=["zone", "district", "strange"], index=rows.index, dtype=object)
    return NamedZones(table["zone"], table["district"], table["strange"].astype(bool), tuple(notes))


def _zone_in(place: str, names: ZoneNames) -> str | None:
    """Return the zone that a place names as a whole, else the finest one whose full name stands in it."""
    levels = [level for level in _FINE_FIRST if level in names.levels()]
    found = next((hit for level in levels if (hit := names.find(place, level).zone_id) is not None), None)
    for level in reversed(levels) if found is None else ():
        found = names.in_text(place, level, within=found) or found
    return found


def point_zones(points: gpd.GeoSeries, zones: gpd.GeoDataFrame) -> pd.Series:
    """Return the finest zone of the partition that each point lies in; None outside of all, and for null points.

    In an overlap the smaller zone has the point; on a common border the one whose id comes first.
    """
    found = pd.Series(None, index=points.index, dtype=object)
    points = points[points.notna()]
    for level in _FINE_FIRST:
        layer = zones[(zones["level"] == level) & zones.geometry.notna()]
        open_ = points.index[found[points.index].isna()]
        if layer.empty or open_.empty:
            continue
        order = np.lexsort((layer.index.astype(str), layer.geometry.area))
        layer = layer.iloc[order]
        tree = shapely.STRtree(layer.geometry.to_numpy())
        at_point, at_zone = tree.query(points[open_].to_numpy(), predicate="intersects")
        hits = pd.Series(at_zone).groupby(at_point).min()
        found[open_[hits.index]] = layer.index[hits.to_numpy()]
    return found


def outside_named(
    rows: Rows, geometry: gpd.GeoSeries, zone_id: pd.Series, zones: gpd.GeoDataFrame
) -> list[Note]:
    """Return a note for every point that lies outside of the zone that its row names.

    In another zone it may lie by the boundary's slack; outside of every zone it counts in none, so that each metre is told.
    """
    both = geometry.index[(geometry.notna() & zone_id.notna()).to_numpy()]
    named = zones.geometry.reindex(zone_id[both])
    metres = shapely.distance(np.asarray(geometry[both].array), np.asarray(named.array))
    nowhere = point_zones(geometry[both], zones).isna().to_numpy()
    notes = []
    for row_id, far, is_nowhere in zip(both, metres, nowhere, strict=True):
        if far > (0.0 if is_nowhere else BOUNDARY_SLACK_M):
            zone = str(zone_id[row_id])
            words = {"zone": zone, "name": str(zones.loc[zone, "name"]), "metres": f"{far:.0f}"}
            code = "point_outside_zones" if is_nowhere else "point_outside_named_zone"
            notes.append(rows.note(code, row_id, **words))
    return notes


def serves_zones(rows: Rows, names: ZoneNames, zone_id: pd.Series) -> tuple[pd.Series, list[Note]]:
    """Return the zones that each row says it serves (tuples), and a note for every name that no zone has.

    A name that occurs more than once means the one in the row's own town or district.
    """
    served, notes = [], []
    for row_id, cell in rows.text("serves").items():
        zones: dict[str, None] = {}
        for word in split_words(cell):
            hit = _served(word, zone_id.loc[str(row_id)], names)
            if hit is None:
                notes.append(rows.note("serves_unknown", row_id, name=word))
            else:
                zones[hit] = None
        served.append(tuple(zones))
    return pd.Series(served, index=rows.index, dtype=object), notes


def _served(word: str, own: object, names: ZoneNames) -> str | None:
    for level in (level for level in (*_FINE_FIRST, "estate") if level in names.levels()):
        hit = names.find(word, level)
        if hit.why == "ambiguous" and isinstance(own, str):
            inside = (names.find(word, level, within=zone) for zone in names.ancestors(own))
            hit = next((h for h in inside if h.zone_id is not None), hit)
        if hit.zone_id is not None:
            return hit.zone_id
    return None
