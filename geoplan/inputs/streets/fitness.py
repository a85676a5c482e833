"""What streets can carry: how much of each kind of street a zone has, and whether the streets reach all over it."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.inputs.streets.notes import VALVES
from geoplan.inputs.streets.walk_table import ACROSS, FOOT_CLASSES
from geoplan.words.errors import Note

#: Kinds of streets as a check states them: kind -> classes. A layer that was fetched for driving lacks the first, and often the
#: second and third.
KINDS: Mapping[str, Sequence[str]] = {
    "foot": FOOT_CLASSES,
    "residential": ("residential", "living_street"),
    "service": ("service", "track"),
    "roads": (
        "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
        "tertiary", "tertiary_link", "unclassified", "road",
    ),
}  # fmt: skip
#: Every other class.
OTHER = "other"
#: Under this share of its area within the extent of the streets, a zone is warned about: the streets end inside of it.
LEAST_EXTENT = 0.99
#: Under this share of its people near a street, a zone is warned about.
LEAST_NEAR = 0.95


def street_lengths(zones: gpd.GeoDataFrame, edges: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return how many kilometres of each kind of street lie in each zone.

    Parameters
    ----------
    zones
        Polygons that do not overlap, metric CRS.
    edges
        ``highway`` and lines in the same CRS; an edge lies where its middle is, valves and lines across squares are left out.

    Returns
    -------
    lengths
        Indexed like `zones`: ``foot_km, residential_km, service_km, roads_km, other_km``.
    """
    streets = edges[~edges["highway"].isin((*VALVES, ACROSS))]
    lines = streets.geometry.array
    edge, zone = shapely.STRtree(zones.geometry.array).query(
        shapely.line_interpolate_point(lines, 0.5, normalized=True), predicate="intersects"
    )
    first = pd.Series(zone).groupby(edge).min()  # a middle on a border lies in one zone
    kind_of = {name: kind for kind, names in KINDS.items() for name in names}
    kind = streets["highway"].map(kind_of).fillna(OTHER).to_numpy()[first.index]
    placed = pd.DataFrame(
        {"zone": first.to_numpy(), "kind": kind, "km": shapely.length(lines)[first.index] / 1000}
    )
    table = placed.pivot_table(index="zone", columns="kind", values="km", aggfunc="sum")
    table = table.reindex(index=range(len(zones)), columns=[*KINDS, OTHER]).fillna(0.0)
    return table.add_suffix("_km").set_axis(zones.index)


def street_extent(zones: gpd.GeoDataFrame, edges: gpd.GeoDataFrame) -> pd.Series:
    """Return the share (0-1) of the area of each zone that lies within the convex hull of all streets."""
    hull = shapely.convex_hull(shapely.multipoints(shapely.get_coordinates(edges.geometry.array)))
    inside = shapely.area(shapely.intersection(zones.geometry.array, hull))
    return pd.Series(inside / shapely.area(zones.geometry.array), index=zones.index)


def fitness_notes(fitness: pd.DataFrame, *, max_snap_m: float) -> tuple[Note, ...]:
    """Return warnings on what the streets lack.

    Parameters
    ----------
    fitness
        A row a zone, the last for all of them: `street_lengths`, with ``name``, ``extent`` and ``near_share``, the share (0-1)
        of people within `max_snap_m` of a walkable street; both NaN where there are none to judge.
    max_snap_m
        Longest access leg, metres.
    """
    notes = []
    lacking = [
        kind for kind in ("foot", "residential", "service") if np.isclose(fitness[f"{kind}_km"].iloc[-1], 0)
    ]
    notes += [Note.of(f"streets_no_{kind}") for kind in lacking]
    parts = fitness.iloc[:-1]
    for code, column, least in (
        ("streets_end_inside", "extent", LEAST_EXTENT),
        ("streets_far_from_people", "near_share", LEAST_NEAR),
    ):
        short = parts[parts[column] < least]
        if len(short):
            shares = zip(short["name"], short[column], strict=True)
            listed = ", ".join(f"{name} {share:.1%}" for name, share in shares)
            notes.append(Note.of(code, zones=listed, max_snap_m=max_snap_m))
    return tuple(notes)
