"""From ways (lines through numbered points) to the edges between junctions, as arrays.

A point is a junction where ways meet or end, where a way meets itself, and at gates, barriers and crossings. Every
stretch of a way between two junctions is one edge.
"""

from collections.abc import Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geoplan.inputs.streets.walk_table import OUT

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Vertices closer than this in x and in y are one, metres.
SAME_PLACE_M = 1e-3
#: What a way carries to each of its edges.
WAY_COLUMNS = ("highway", "access", "oneway", "bridge", "tunnel", "level", "osm_id", "name")
EDGE_COLUMNS = ("u", "v", *WAY_COLUMNS, "fixed_fwd_s", "fixed_bwd_s", "geometry")


@dataclass(frozen=True)
class Ways:
    """Ways as they were read and judged.

    `table` has a row a way: `WAY_COLUMNS` and ``rule``; ``access`` is empty for a way that is left out by its class
    (kept to measure what leaving it out costs). The vertices of way i are ``vertex[first[i]:first[i + 1]]``, positions
    in `node_id` (ascending) and `xy` (metres). `marks` is indexed by node id: ``kind, state, name``.
    """

    table: pd.DataFrame
    first: Ints
    vertex: Ints
    node_id: Ints
    xy: Floats
    marks: pd.DataFrame


@dataclass(frozen=True)
class Stretches:
    """Stretches of ways between junctions: `start` and `stop` are places in ``Ways.vertex``, `way` a row of its table."""

    start: Ints
    stop: Ints
    way: Ints


def without_repeats(first: Ints, vertex: Ints) -> tuple[Ints, Ints]:
    """Return `first` and `vertex` without points that repeat the one before them in their way.

    Examples
    --------
    >>> without_repeats(np.array([0, 3, 5]), np.array([7, 7, 8, 8, 9]))
    (array([0, 2, 4]), array([7, 8, 8, 9]))
    """
    keep = np.ones(len(vertex), dtype=bool)
    keep[1:] = vertex[1:] != vertex[:-1]
    starts = first[:-1]
    keep[starts[starts < len(vertex)]] = True
    return _new_first(first, keep), vertex[keep]


def _new_first(first: Ints, keep: Bools) -> Ints:
    before = np.concatenate([[0], np.cumsum(keep)])
    renewed: Ints = before[first].astype(np.int64)
    return renewed


def place_key(xy: Floats) -> Ints:
    """Return a number a place, equal where x and y agree to the millimetre, ascending by x, then y.

    Examples
    --------
    >>> key = place_key(np.array([[500000.0, 1.0], [500000.0003, 1.0], [500000.0, 1.001]]))
    >>> bool(key[0] == key[1]), bool(key[0] < key[2])
    (True, True)
    """
    steps = np.rint(xy / SAME_PLACE_M).astype(np.int64)
    if not len(steps):
        return np.empty(0, dtype=np.int64)
    low = steps.min(axis=0)
    span = int(steps[:, 1].max() - low[1]) + 1
    key: Ints = (steps[:, 0] - low[0]) * span + (steps[:, 1] - low[1])
    return key


def join_twins(ways: Ways) -> tuple[Ways, int]:
    """Return the ways with points that share a place made one, and how many were taken away.

    Two numbers for one place on the ground are a slip of drawing. Points on bridges, in tunnels or on different levels
    may lie over one another and stay apart. The lowest id stands for all.
    """
    key = place_key(ways.xy)
    _, first_at, same, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    suspects = np.flatnonzero(count[same] > 1)
    if not len(suspects):
        return ways, 0
    table = ways.table
    storey = table["level"].where(~(table["bridge"] | table["tunnel"]), "over or under")
    way = np.repeat(np.arange(len(table)), np.diff(ways.first))
    at_suspect = np.isin(ways.vertex, suspects)
    storeys = storey.to_numpy()[way[at_suspect]]
    met = pd.DataFrame({"place": same[ways.vertex[at_suspect]], "storey": storeys}).groupby("place")["storey"]
    joined = met.nunique().eq(1) & met.first().ne("over or under")
    places = joined.index[joined].to_numpy()
    stands_for = np.arange(len(ways.node_id))
    moved = np.isin(same, places)
    stands_for[moved] = first_at[same[moved]]  # positions ascend by id, so the first has the lowest
    taken = int((stands_for != np.arange(len(stands_for))).sum())
    renamed = pd.Series(ways.node_id[stands_for], index=ways.node_id).loc[ways.marks.index].to_numpy()
    marks = ways.marks.set_axis(pd.Index(renamed, dtype="int64"))
    marks = marks[~marks.index.duplicated()].sort_index()
    first, vertex = without_repeats(ways.first, stands_for[ways.vertex])
    return Ways(table, first, vertex, ways.node_id, ways.xy, marks), taken


def choose_ways(ways: Ways, chosen: Bools) -> Ways:
    """Return the chosen ways, with the same points."""
    counts = np.diff(ways.first)
    first = np.concatenate([[0], np.cumsum(counts[chosen])]).astype(np.int64)
    table = ways.table[chosen].reset_index(drop=True)
    return Ways(table, first, ways.vertex[np.repeat(chosen, counts)], ways.node_id, ways.xy, ways.marks)


def split(ways: Ways) -> Stretches:
    """Return the stretches of ways between junctions, in the order of ways and along each way."""
    vertex, first = ways.vertex, ways.first
    if not len(vertex):
        none = np.empty(0, dtype=np.int64)
        return Stretches(none, none, none)
    counts = np.diff(first)
    way = np.repeat(np.arange(len(counts)), counts)
    is_end = np.zeros(len(vertex), dtype=bool)
    is_end[first[:-1][counts > 0]] = True
    is_end[first[1:][counts > 0] - 1] = True
    # a point used twice is a junction; an end counts twice, so that every end is one
    uses = np.bincount(vertex, minlength=len(ways.node_id)) + np.bincount(
        vertex[is_end], minlength=len(ways.node_id)
    )
    junction = (uses >= 2) | np.isin(ways.node_id, ways.marks.index.to_numpy())
    at = np.flatnonzero(junction[vertex])
    same = way[at[:-1]] == way[at[1:]]
    return Stretches(at[:-1][same], at[1:][same], way[at[:-1][same]].astype(np.int64))


def build_edges(ways: Ways, *, crs: CRS | str) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return nodes and edges (without valves) of walked ways.

    Loops of no length are dropped; edges of no length between two nodes are kept: they join what shares a place.
    """
    stretches = split(ways)
    lines = lines_of(ways, stretches)
    u, v = ways.node_id[ways.vertex[stretches.start]], ways.node_id[ways.vertex[stretches.stop]]
    real = (u != v) | (shapely.length(lines) > 0)
    table = {name: ways.table[name].to_numpy()[stretches.way[real]] for name in WAY_COLUMNS}
    edges = gpd.GeoDataFrame(
        {"u": u[real], "v": v[real], **table, "fixed_fwd_s": 0.0, "fixed_bwd_s": 0.0},
        geometry=lines[real],
        crs=crs,
    )
    edges.index.name = "edge_id"
    return nodes_of(edges, ways), edges


def lines_of(ways: Ways, stretches: Stretches) -> npt.NDArray[np.object_]:
    """Return one LineString a stretch."""
    counts = stretches.stop - stretches.start + 1
    before = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64) if len(counts) else counts
    line = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(counts.sum()) - np.repeat(before, counts) + np.repeat(stretches.start, counts)
    lines: npt.NDArray[np.object_] = shapely.linestrings(ways.xy[ways.vertex[places]], indices=line)
    return lines


def nodes_of(edges: gpd.GeoDataFrame, ways: Ways) -> pd.DataFrame:
    """Return the nodes at the ends of `edges`, by ascending id."""
    ids = np.unique(np.concatenate([edges["u"].to_numpy(), edges["v"].to_numpy()]))
    at = np.searchsorted(ways.node_id, ids)
    marks = ways.marks.reindex(ids)
    return pd.DataFrame(
        {
            "x": ways.xy[at, 0],
            "y": ways.xy[at, 1],
            "kind": marks["kind"].fillna("").to_numpy(dtype=object),
            "name": marks["name"].fillna("").to_numpy(dtype=object),
        },
        index=pd.Index(ids, name="node_id", dtype="int64"),
    )


@dataclass(frozen=True)
class ConnectionLoss:
    """What leaving classes out costs: islands (components beside the largest) and the share of nodes on them.

    `islands_with` and `share_with` are the same before the classes are left out.
    """

    classes: tuple[str, ...]
    edges: int
    km: float
    islands: int
    share: float
    islands_with: int
    share_with: float


def islands(u: Ints, v: Ints) -> tuple[int, float]:
    """Return how many components stand beside the largest one, and the share (0-1) of nodes on them.

    Examples
    --------
    >>> islands(np.array([1, 2, 8]), np.array([2, 3, 9]))
    (1, 0.4)
    """
    if not len(u):
        return 0, 0.0
    ids, place = np.unique(np.concatenate([u, v]), return_inverse=True)
    links = coo_matrix(
        (np.ones(len(u), dtype=np.int8), (place[: len(u)], place[len(u) :])), shape=(len(ids),) * 2
    )
    count, label = connected_components(links, directed=False)
    return int(count) - 1, float(1 - np.bincount(label).max() / len(ids))


def connection_loss(edges: pd.DataFrame, classes: Collection[str]) -> ConnectionLoss:
    """Return what leaving `classes` of streets out of `edges` costs in connection.

    Parameters
    ----------
    edges
        ``u, v, highway`` and ``geometry`` or ``length_m``; shape (n, …).
    classes
        Values of ``highway`` that are left out.

    Examples
    --------
    >>> line = pd.DataFrame({"u": [1, 2, 3], "v": [2, 3, 4], "highway": ["path", "trunk", "path"], "length_m": 50.0})
    >>> loss = connection_loss(line, ["trunk"])
    >>> loss.islands, loss.share, loss.islands_with, loss.km
    (1, 0.5, 0, 0.05)
    """
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    out = edges["highway"].isin(list(classes)).to_numpy()
    metres = edges["length_m"] if "length_m" in edges else edges.geometry.length  # noqa: SIM401 - a table has no geometry
    before, after = islands(u, v), islands(u[~out], v[~out])
    km = float(metres[out].sum()) / 1000
    return ConnectionLoss(tuple(sorted(classes)), int(out.sum()), km, *after, *before)


def skeleton(ways: Ways) -> pd.DataFrame:
    """Return ``u, v, highway, walked, length_m`` of every stretch, also of ways left out by class."""
    stretches = split(ways)
    vertex = ways.vertex
    step = np.zeros(len(vertex))
    step[1:] = np.hypot(*(ways.xy[vertex[1:]] - ways.xy[vertex[:-1]]).T)
    along = np.cumsum(step)
    table = ways.table.loc[stretches.way, ["highway", "access", "rule"]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "u": ways.node_id[vertex[stretches.start]],
            "v": ways.node_id[vertex[stretches.stop]],
            "highway": table["highway"],
            "walked": table["access"] != OUT,
            "rule": table["rule"],
            "length_m": along[stretches.stop] - along[stretches.start],
        }
    )
