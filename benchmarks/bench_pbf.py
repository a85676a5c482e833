"""Reading the Porto Alegre extract to a walk graph: geoplan against osmnx.

CPU seconds of the process, medians, in one process and in turns. Both sides read the same streets: geoplan from the
PBF, osmnx from the same extract as XML (it reads no PBF). Fails where the two do not hold the same walkable stretches.

Run: python benchmarks/bench_pbf.py [--runs 5]
"""

import argparse
import gc
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import osmnx
import shapely
from pyproj import Transformer

from geoplan.inputs.streets import VALVES, Streets, read_streets
from geoplan.inputs.streets.osmnx_bridge import GRAPH_NODE_TAGS, GRAPH_WAY_TAGS
from geoplan.inputs.streets.walk_table import OUT, judge_way

EXTRACT = Path(__file__).parents[2] / "shared" / "data" / "porto_alegre" / "poa_osm.pbf"
CRS = "EPSG:32722"
#: Least ratio that is asked for.
AT_LEAST = 15.0
#: The two sides' walkable metres may differ by this share: coordinates are kept to a millimetre here.
TOLERANCE = 1e-6

Place = tuple[float, float]


def as_xml(extract: Path, target: Path) -> None:
    """Write the extract as XML, whole."""
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for thing in osmium.FileProcessor(str(extract)):
            writer.add(thing)


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds of one call, all threads, and its result; the other side's garbage is gone before it."""
    gc.collect()
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def osmnx_stretches(xml: Path) -> tuple[set[tuple[Place, Place]], set[str]]:
    """Return every stretch that the walk table lets walkers use, of osmnx's unsimplified graph, and the ways' ids."""
    before = osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node
    osmnx.settings.useful_tags_way = list(GRAPH_WAY_TAGS)
    osmnx.settings.useful_tags_node = list(GRAPH_NODE_TAGS)
    try:
        graph = osmnx.graph_from_xml(xml, simplify=False, retain_all=True)
    finally:
        osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node = before
    arcs = [
        (u, v, str(data["osmid"]))
        for u, v, data in graph.edges(data=True)
        if judge_way({k: str(x) for k, x in data.items() if k in GRAPH_WAY_TAGS}).access != OUT
    ]
    ids = list(graph.nodes)
    lonlat = np.array([(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in ids])
    xy = np.column_stack(Transformer.from_crs(4326, CRS, always_xy=True).transform(*lonlat.T)).round(3)
    at = dict(zip(ids, map(tuple, xy.tolist()), strict=True))
    found = {(min(at[u], at[v]), max(at[u], at[v])) for u, v, _ in arcs if at[u] != at[v]}
    return found, {way for *_, way in arcs}


def own_stretches(streets: Streets, ways: set[str]) -> Iterator[tuple[Place, Place]]:
    """Yield the stretches of the given ways (rings of squares, which osmnx does not read, are not among them)."""
    edges = streets.edges[~streets.edges["highway"].isin(VALVES) & streets.edges["osm_id"].isin(ways)]
    for line in edges.geometry:
        places = [tuple(place) for place in shapely.get_coordinates(line).round(3).tolist()]
        for a, b in pairwise(places):
            if a != b:
                yield min(a, b), max(a, b)


def metres(stretches: set[tuple[Place, Place]]) -> float:
    a, b = (np.array(side) for side in zip(*sorted(stretches), strict=True))
    return float(np.hypot(*(a - b).T).sum())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    if not EXTRACT.exists():
        sys.stderr.write(f"not here: {EXTRACT}\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / "poa.osm"
        as_xml(EXTRACT, xml)
        read_streets(EXTRACT, crs=CRS)  # load what loads once
        ours, theirs = [], []
        for _ in range(runs):
            ours.append(seconds(lambda: read_streets(EXTRACT, crs=CRS))[0])
            theirs.append(seconds(lambda: osmnx.graph_from_xml(xml, retain_all=True))[0])
        streets = read_streets(EXTRACT, crs=CRS)
        from_xml = read_streets(xml, crs=CRS)
        want, ways = osmnx_stretches(xml)
    found = set(own_stretches(streets, ways))
    km_ours, km_theirs = metres(found) / 1000, metres(want) / 1000
    same = abs(km_ours - km_theirs) <= TOLERANCE * km_theirs and from_xml.edges.equals(streets.edges)
    ratio = statistics.median(theirs) / statistics.median(ours)
    report = {
        "work": "Porto Alegre extract to a walk graph",
        "geoplan_cpu_s": round(statistics.median(ours), 3),
        "osmnx_cpu_s": round(statistics.median(theirs), 3),
        "ratio": round(ratio, 1),
        "at_least": AT_LEAST,
        "runs": runs,
        "walkable_km": [round(km_ours, 6), round(km_theirs, 6)],
        "stretches": [len(found), len(want)],
        "same_answer": same,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {
            name: version(name) for name in ("osmium", "osmnx", "networkx", "shapely", "numpy", "pandas")
        },
    }
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return 0 if same and ratio >= AT_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
