"""Whether the streets can carry a judgement: what `geoplan check` says of them before a run."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.coverage.circle import in_circle
from geoplan.coverage.zone_sums import zone_sums
from geoplan.inputs.streets import Join
from geoplan.inputs.streets.fitness import fitness_notes, street_extent, street_lengths
from geoplan.network.graph import WalkGraph, build_graph
from geoplan.network.reach import nearest
from geoplan.pipeline.gather import Inputs, read_streets, walking_costs
from geoplan.pipeline.walks import Snaps, offered_snaps, snap_points
from geoplan.words.errors import Note
from geoplan.words.progress import Stages

#: Levels by which streets are judged, the coarsest that a study has.
LEVELS = ("district", "town", "community")


@dataclass(frozen=True)
class StreetCheck:
    """What the streets can carry.

    `fitness` has a row a district (or whatever is the coarsest level) and one for the area: ``name, people, near, near_share``
    (people within `max_snap_m` of a walkable street) and the columns of `street_lengths`. `coverage` is indexed by service:
    ``stated``, the share (0-1) of people inside the circle with streets as the study joins them, ``ends`` and
    ``crossings``, the shares where crossing lines do not meet and where they do; None where no lines cross.
    """

    fitness: pd.DataFrame
    coverage: pd.DataFrame | None
    notes: tuple[Note, ...]


def check_streets(inputs: Inputs, *, stages: Stages | None = None) -> StreetCheck:
    """Return what the streets of a study can carry, and its coverage with crossing lines joined and not."""
    stages = stages or Stages()
    with stages("graph"):
        graph = build_graph(inputs.nodes, inputs.edges)
    with stages("snap"):
        snaps = snap_points(graph, inputs.people.demand, inputs)
        fitness = _fitness(inputs, snaps)
    both_ways = None
    if inputs.crossings:
        with stages("reach"):
            both_ways = _coverage_both_ways(inputs, graph, snaps)
    notes = fitness_notes(fitness, max_snap_m=inputs.study.streets.max_snap_m)
    return StreetCheck(fitness, both_ways, notes)


def _fitness(inputs: Inputs, snaps: gpd.GeoDataFrame) -> pd.DataFrame:
    zones, demand = inputs.zones, inputs.people.demand
    level = next(level for level in LEVELS if (zones["level"] == level).any())
    parts = zones[zones["level"] == level]
    lengths = street_lengths(parts, inputs.edges)
    lengths["extent"], of_all = _extent(inputs, level)
    whole = lengths.sum()
    whole["extent"] = of_all
    sums = zone_sums(demand, zones)
    rows = sums.rows.assign(row=np.arange(len(sums.rows)))
    row_of = rows[rows["kind"] == ""].set_index("zone_id")["row"]
    group = "residents" if "residents" in demand else next(iter(inputs.study.population))
    people = demand.loc[sums.points, group].to_numpy(dtype=np.float64)
    near = people * (snaps.loc[sums.points, "reason"] == "").to_numpy()
    of_area = zones.index[zones["level"] == "area"][0]
    order = row_of.loc[[*parts.index, of_area]].to_numpy()
    table = pd.concat([lengths, whole.to_frame(of_area).T])
    table.insert(0, "name", zones.loc[table.index, "name"])
    table.insert(1, "people", sums.sums(people)[order])
    table.insert(2, "near", sums.sums(near)[order])
    return table.assign(near_share=table["near"] / table["people"].where(table["people"] > 0))


def _extent(inputs: Inputs, level: str) -> tuple[pd.Series, float]:
    """Return the share of the area of each zone of `level`, and of all, within the extent of the streets.

    Only the finest zones below count: a district without communities is not judged (NaN).
    """
    zones = inputs.zones
    finest = [name for name in LEVELS if (zones["level"] == name).any()][-1]
    leaves = zones[zones["level"] == finest]
    above = leaves.index.to_series()
    for _ in range(LEVELS.index(level), LEVELS.index(finest)):
        below = (zones.loc[above, "level"] != level).to_numpy()
        above = above.mask(below, zones.loc[above, "parent_id"].to_numpy())
    area = leaves.geometry.area
    sums = pd.DataFrame({"inside": street_extent(leaves, inputs.edges) * area, "area": area})
    whole = sums.sum()
    sums = sums.groupby(above).sum()
    return sums["inside"] / sums["area"], float(whole["inside"] / whole["area"])


def _coverage_both_ways(inputs: Inputs, graph: WalkGraph, snaps: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the coverage of each service with crossing lines joined and not; one way is the study's own."""
    study = inputs.study
    stated = study.streets.join
    other: Join = "ends" if stated == "crossings" else "crossings"
    network = read_streets(study, inputs.zones, inputs.crs, join=other)
    costed, _ = walking_costs(study, network)
    other_graph = build_graph(network.nodes, costed)
    other_snaps = snap_points(other_graph, inputs.people.demand, inputs)
    shares = {
        stated: coverage(inputs, graph, snaps),
        other: coverage(inputs, other_graph, other_snaps),
    }
    return pd.DataFrame({way: shares[way] for way in ("ends", "crossings")})


def coverage(inputs: Inputs, graph: WalkGraph, snaps: gpd.GeoDataFrame) -> Mapping[str, float]:
    """Return the share of people inside the circle of each service."""
    demand = inputs.people.demand
    here = demand[~demand["halo"].astype(bool) & demand["zone_id"].notna()]
    services = inputs.study.measured_services()
    placed = Snaps(snaps, snap_points(graph, inputs.register.facilities, inputs), None)
    shares = {}
    for service, offered in offered_snaps(placed, inputs, services).items():
        terms = services[service]
        found = nearest(graph, snaps, offered, walk_kmh=terms.walk_kmh, limit_seconds=terms.limit_seconds)
        inside = in_circle(found["seconds"].reindex(here.index), walk_minutes=terms.walk_minutes)
        people = here[terms.group].to_numpy(dtype=np.float64)
        shares[service] = float(people[inside].sum() / people.sum()) if people.sum() > 0 else float("nan")
    return shares
