"""Roads whose sidewalks are mapped apart: they are left out only where a footway of its own runs beside them.

An extract fetched for driving has the tag ``sidewalk=separate`` without the footways that it speaks of. Leaving such roads
out would cut off who lives there.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.inputs.ranges import ranges
from geoplan.inputs.streets.edges import Ways, choose_ways
from geoplan.inputs.streets.walk_table import OPEN, OUT

#: Classes that sidewalks are mapped as.
FOOTWAYS = ("footway", "path", "pedestrian", "steps", "sidewalk")
#: A footway within this distance of a road's line is beside it, metres: half of an arterial of 60 m between its fronts.
BESIDE_M = 30.0
#: A road is left out if footways run beside at least this share of it: they are interrupted at junctions and drives.
BESIDE_SHARE = 0.8
#: Footways are looked for at distances of at most this along the road, metres.
STEP_M = 10.0


def without_doubled_roads(ways: Ways) -> tuple[Ways, int, int]:
    """Return the ways without roads whose sidewalks are there as ways of their own; and how many went, and how many stay.

    Roads that stay are walked like any other of their class.
    """
    apart = np.flatnonzero(ways.table["rule"] == "sidewalk")
    if not len(apart):
        return ways, 0, 0
    walked = (ways.table["access"] != OUT) & ways.table["highway"].isin(FOOTWAYS)
    footways = shapely.STRtree(_lines(choose_ways(ways, walked.to_numpy())))
    roads = _lines(choose_ways(ways, (ways.table["rule"] == "sidewalk").to_numpy()))
    parts = np.maximum(np.ceil(shapely.length(roads) / STEP_M).astype(int), 1)
    road = np.repeat(np.arange(len(roads)), parts)
    place = ranges(parts)
    points = shapely.line_interpolate_point(roads[road], (place + 0.5) / parts[road], normalized=True)
    beside = np.zeros(len(road), dtype=bool)
    beside[footways.query(points, predicate="dwithin", distance=BESIDE_M)[0]] = True
    doubled = np.bincount(road, weights=beside) >= BESIDE_SHARE * parts
    kept, stay = np.ones(len(ways.table), dtype=bool), np.zeros(len(ways.table), dtype=bool)
    kept[apart[doubled]], stay[apart[~doubled]] = False, True
    table = ways.table.assign(
        access=ways.table["access"].mask(stay, OPEN), rule=ways.table["rule"].mask(stay, "class")
    )
    return choose_ways(replace(ways, table=table), kept), int(doubled.sum()), int(stay.sum())


def _lines(ways: Ways) -> npt.NDArray[np.object_]:
    way = np.repeat(np.arange(len(ways.table)), np.diff(ways.first))
    lines: npt.NDArray[np.object_] = shapely.linestrings(ways.xy[ways.vertex], indices=way)
    return lines
