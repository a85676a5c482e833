"""Isochrone polygons on Porto Alegre against the union of 30 m buffers of the same reached street segments.

Run: ``python benchmarks/bench_isochrones.py``. CPU time of this process, medians of `ROUNDS`, both sides in one run. The union is
given the reached segments ready cut; ours is timed once from the same start (lines to polygon), and once whole (search,
cutting, polygon). Exits with 1 if ours takes more than 0.7 of the union's time or an area differs by more than 1 %.
"""

import platform
import statistics
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geoplan.inputs.streets import read_streets
from geoplan.network.graph import build_graph
from geoplan.network.isochrones import isochrones
from geoplan.network.pace import walking_costs
from geoplan.network.pieces import reached_parts
from geoplan.network.reach import node_seconds
from geoplan.network.ribbons import ribbon
from geoplan.network.snap import snap

DATA = Path(__file__).parents[2] / "shared" / "data" / "porto_alegre"
WALK_KMH, MINUTES, WIDTH_M = 4.0, 15.0, 30.0
FACILITIES, ROUNDS = 40, 7
MOST_TIME, MOST_AREA = 0.7, 0.01


def cpu_seconds(work):
    """Return the median CPU seconds of `work` and its result."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        result = work()
        times.append(time.process_time() - begin)
    return statistics.median(times), result


def segment_buffers(segments):
    """Return the union of the segments' buffers, each with shapely's usual 8 segments a quarter circle."""
    return [shapely.union_all(shapely.buffer(some, WIDTH_M)) for some in segments]


def straight_segments(lines):
    """Return the lines cut at every vertex."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    return shapely.linestrings(np.stack([xy[:-1][same], xy[1:][same]], axis=1))


def main():
    if not DATA.exists():
        sys.stdout.write(f"no data: {DATA}\n")
        return 2
    streets = read_streets(DATA / "poa_osm.pbf", crs="EPSG:32722")
    edges = walking_costs(streets.nodes, streets.edges)
    graph, plain = (build_graph(streets.nodes, edges, contract=contract) for contract in (True, False))
    where = np.random.default_rng(7).permutation(len(edges))
    points = edges.geometry.iloc[where[: 2 * FACILITIES]].interpolate(0.3, normalized=True)
    points = gpd.GeoSeries(points.array, crs=edges.crs)

    def reached(sets):
        lines = []
        for snaps in sets:
            seconds = node_seconds(plain, snaps, walk_kmh=WALK_KMH, limit_seconds=60 * MINUTES)
            lines += reached_parts(plain, seconds, snaps, walk_kmh=WALK_KMH, limits=[60 * MINUTES])
        return lines

    on_plain, on_graph = (snap(g, points) for g in (plain, graph))
    main_only = ~on_graph["island"].to_numpy()
    chosen = np.flatnonzero(main_only)[:FACILITIES]
    singles = [on_plain.iloc[[i]] for i in chosen], [on_graph.iloc[[i]] for i in chosen]
    together = [on_plain.iloc[chosen]], [on_graph.iloc[chosen]]

    sys.stdout.write(
        f"Python {platform.python_version()}, shapely {shapely.__version__}, GEOS {shapely.geos_version_string}, "
        f"numpy {np.__version__}; {platform.machine()}; {len(edges)} street edges, {graph.n_chains} chains\n"
    )
    fine = True
    for name, (plain_sets, graph_sets) in {
        f"{FACILITIES} facilities, one by one": singles,
        f"{FACILITIES} facilities together": together,
    }.items():
        lines = reached(plain_sets)
        cut = [straight_segments(some) for some in lines]
        whole = lambda sets=graph_sets: [  # noqa: E731
            isochrones(graph, s, walk_kmh=WALK_KMH, minutes=[MINUTES], width_m=WIDTH_M).geometry.iloc[0]
            for s in sets
        ]
        ours_s, ours = cpu_seconds(lambda lines=lines: [ribbon(some, width_m=WIDTH_M) for some in lines])
        whole_s, drawn = cpu_seconds(whole)
        edges_s, union = cpu_seconds(lambda lines=lines: segment_buffers(lines))
        straight_s, _ = cpu_seconds(lambda cut=cut: segment_buffers(cut))
        off = max(
            abs(mine.area / theirs.area - 1)
            for mine, theirs in zip([*ours, *drawn], [*union, *union], strict=True)
        )
        n = sum(len(some) for some in lines)
        sys.stdout.write(
            f"{name}: {n} reached segments ({sum(len(some) for some in cut)} straight ones)\n"
            f"  union of buffers of segments          {edges_s:8.4f} s   (straight ones {straight_s:.4f} s)\n"
            f"  ours, polygon from the same segments  {ours_s:8.4f} s   ratio {ours_s / edges_s:.2f}\n"
            f"  ours, whole: search, cut, polygon     {whole_s:8.4f} s   ratio {whole_s / edges_s:.2f}\n"
            f"  largest difference in area            {100 * off:8.3f} %\n"
        )
        fine &= max(ours_s, whole_s) <= MOST_TIME * edges_s and off <= MOST_AREA
    sys.stdout.write(
        f"at most {MOST_TIME} of the time and {MOST_AREA:.0%} of area: {'yes' if fine else 'NO'}\n"
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
