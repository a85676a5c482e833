"""People outside of the study area of whom nothing is known.

Where neither a raster nor a context zone says who lives beyond the boundary, people are assumed there: along the streets, as many to a
metre as in the adjoining zones. They are marked as assumed, so that what they change is an interval and decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.inputs.boundaries import closed_land
from geoplan.inputs.population.figures import sums
from geoplan.inputs.population.places import (
    Amounts,
    Block,
    StudyArea,
    extent_of,
    from_streets,
    near_own,
)
from geoplan.inputs.population.rasters import Raster, RasterParts, raster_parts
from geoplan.words.errors import Note

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Name of the block of assumed people, and their source in the table of demand.
ASSUMED = "assumed"
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Outside:
    """What is assumed outside of the study area.

    Parameters
    ----------
    block
        Street points with assumed people; None where nobody is assumed.
    amounts
        Assumed people by group, one number a place of `block`.
    edge_zones
        Finest zones near places of which nothing is known and where, for want of streets, nobody could be assumed either.
    notes
        What was assumed.
    """

    block: Block | None
    amounts: Mapping[str, Floats]
    edge_zones: tuple[str, ...]
    notes: tuple[Note, ...]


def assumed_outside(
    groups: Mapping[str, Mapping[str, Any]],
    here: StudyArea,
    street_points: gpd.GeoDataFrame | None,
    blocks: Mapping[str, Block],
    amounts: Mapping[str, Amounts],
    rasters: Mapping[RasterParts, Raster],
    unknown: Mapping[str, Ints],
) -> Outside:
    """Return who is assumed where nothing is known of people within `here.halo_m` of the study area.

    Gaps and small holes between zones are no other place. Of a group nothing is known beyond the end of its raster, in context
    zones without figures, and, where it has no raster or one that has no people outside (it was clipped to the study area), wherever
    no context zone is. There::

        assumed = metres of street * people of the adjoining zones / metres of street in them

    Adjoining to a street outside are the zones with figures within half of `halo_m` of the nearest one, that one included.

    Parameters
    ----------
    groups
        Groups with figures of their own (a part of another takes its rate of what is assumed of that).
    amounts
        Their people so far, by group and block.
    unknown
        Positions of the finest zones whose people are unknown, by group.
    """
    if here.halo_m <= 0:
        return Outside(None, {}, (), ())
    extents = {name: _known(groups[name], here, blocks, amounts[name], rasters) for name in groups}
    box = shapely.box(*here.shapes.iloc[: here.n_own].total_bounds).buffer(here.halo_m, join_style="mitre")
    lost = {name: unknown.get(name, _NONE) for name in groups}
    open_ = [
        name
        for name, extent in extents.items()
        if extent is None or (lost[name] >= here.n_own).any() or not extent.contains(box)
    ]
    if not open_:
        return Outside(None, {}, (), ())
    streets = _streets(here, street_points, blocks)
    masks: dict[str, Bools] = {}
    people: dict[str, Floats] = {}
    notes: list[Note] = []
    for name in open_:
        if groups[name].get("street_m"):
            # its streets are its people, inside and outside
            masks[name] = streets.zone < 0
            continue
        masks[name] = _nothing_known(streets, here, extents[name], lost[name])
        per_m, zones = _people_per_m(streets, masks[name], here, lost[name], blocks, amounts[name])
        people[name] = np.zeros(len(streets))
        people[name][masks[name]] = per_m * _metres(streets)[masks[name]]
        if masks[name].any():
            total, metres = people[name].sum(), _metres(streets)[masks[name]].sum()
            words: dict[str, Any] = {
                "people": f"{total:,.0f}",
                "zones": zones,
                "per_km": f"{1000 * total / metres:,.0f}",
            }
            notes.append(Note.of("people_assumed_outside", group=name, **words))
    edges = [
        zone for name in open_ if not masks[name].any() for zone in _near_end(here, extents[name], lost[name])
    ]
    some = np.flatnonzero(np.any([masks[name] for name in people], axis=0)) if people else _NONE
    edge = tuple(zone for zone in here.ids[: here.n_own] if zone in set(edges))
    if not len(some):
        return Outside(None, {}, edge, tuple(notes))
    block = Block(
        ASSUMED, np.full(len(some), -1), streets.near[some], streets.x[some], streets.y[some], ASSUMED,
        streets.cell[some], metres=_metres(streets)[some],
    )  # fmt: skip
    made = {name: values[some] for name, values in people.items()}
    return Outside(block, made, edge, tuple(notes))


def _metres(block: Block) -> Floats:
    assert block.metres is not None  # noqa: S101 - a block of streets
    return block.metres


def _known(
    group: Mapping[str, Any],
    here: StudyArea,
    blocks: Mapping[str, Block],
    amounts: Amounts,
    rasters: Mapping[RasterParts, Raster],
) -> shapely.Polygon | None:
    """Return where a group's raster says who lives outside; None without a raster, and for one that has nobody there."""
    if group.get("raster") is None:
        return None
    held = (people[blocks[name].zone < 0].sum() for name, people in amounts.items() if blocks[name].cut)
    return extent_of(rasters[raster_parts(group["raster"])], here.crs) if sum(held) > 0 else None


def _streets(here: StudyArea, street_points: gpd.GeoDataFrame | None, blocks: Mapping[str, Block]) -> Block:
    """Return the street points of all zones and around them."""
    told = blocks.get("streets")
    if told is not None and (told.zone < 0).any():
        return told  # metres of street are a group, so they were laid out already
    empty = np.empty(0)
    if street_points is None:
        return Block("streets", _NONE, _NONE, empty, empty, "streets", _NONE, metres=empty)
    return from_streets(street_points, here.shapes.to_numpy(), np.arange(len(here.ids)), halo_m=here.halo_m)


def _nothing_known(streets: Block, here: StudyArea, extent: shapely.Polygon | None, lost: Ints) -> Bools:
    """Return the street points at which nothing is known of a group, near enough to the study area to matter."""
    nothing = streets.zone < 0
    nothing[nothing] = ~shapely.contains_xy(
        closed_land(here.shapes.to_numpy()), streets.x[nothing], streets.y[nothing]
    )
    nothing |= np.isin(streets.zone, lost) & (streets.zone >= here.n_own)
    if extent is not None:
        inside = np.zeros(len(streets), dtype=bool)
        shapely.prepare(extent)
        inside[nothing] = shapely.contains_xy(extent, streets.x[nothing], streets.y[nothing])
        nothing &= ~(inside & (streets.zone < 0))
    return near_own(here, streets.x, streets.y, nothing)


def _people_per_m(
    streets: Block, mask: Bools, here: StudyArea, lost: Ints, blocks: Mapping[str, Block], amounts: Amounts
) -> tuple[Floats, int]:
    """Return the people to a metre of street that each point of `mask` is given, and how many zones these come from."""
    shapes, size = here.shapes.to_numpy(), len(here.ids)
    told = np.flatnonzero(~shapely.is_missing(shapes) & ~np.isin(np.arange(size), lost))
    points = shapely.points(streets.x[mask], streets.y[mask])
    if not len(told) or not len(points):
        return np.zeros(len(points)), 0
    inside = streets.zone >= 0
    metres = sums(streets.zone[inside], _metres(streets)[inside], size)
    people = np.zeros(size)
    for name, values in amounts.items():
        zone = blocks[name].zone
        people += sums(zone[zone >= 0], values[zone >= 0], size)
    tree = shapely.STRtree(shapes[told])
    order, nearest = tree.query_nearest(points)
    first = np.unique(order, return_index=True)[1]
    home, of_point = np.unique(nearest[first], return_inverse=True)
    # the zones around that one, so that a single street in one of them does not decide
    one, other = tree.query(shapes[told[home]], predicate="dwithin", distance=here.halo_m / 2)
    length = sums(one, metres[told[other]], len(home))
    crowd = sums(one, people[told[other]], len(home))
    density = np.divide(crowd, length, out=np.zeros(len(home)), where=length > 0)
    return density[of_point], len(np.unique(other))


def _near_end(here: StudyArea, extent: shapely.Polygon | None, lost: Ints) -> list[str]:
    """Return the study's zones within the halo's width of where what is known of a group ends."""
    shapes = here.shapes.to_numpy()
    there = ~shapely.is_missing(shapes)
    if extent is None:
        told = there & ~(np.isin(np.arange(len(shapes)), lost) & ~here.is_own)
        whole = shapely.union_all(shapes[told])
        end = shapely.multilinestrings(list(shapely.get_exterior_ring(shapely.get_parts(whole))))
        near = np.zeros(len(shapes), dtype=bool)
    else:
        end = shapely.get_exterior_ring(extent)
        shapely.prepare(extent)
        near = ~shapely.contains(extent, shapes)
    shapely.prepare(end)
    near |= shapely.dwithin(end, shapes, here.halo_m)
    return list(here.ids[near & there & here.is_own])
