"""From ways (lines through numbered points) to the edges between junctions, as arrays, with gates and private entries as valves.

A point is a junction where ways meet or end, where a way meets itself, and at gates, barriers and crossings. Every
stretch of a way between two junctions is one edge. A valve is an edge of no length whose seconds are 0 or infinite. A node with a
valve is parted: each side gets a node of its own at the same place, and the valve joins them. Opening or closing it changes two numbers;
the network stays as it is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geoplan.inputs.streets.walk_table import OUT, RESIDENTS

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


def marks_table(found: Mapping[int, tuple[str, str, str]]) -> pd.DataFrame:
    """Return marks (node id -> kind, state, name) as the table of `Ways`."""
    marks = pd.DataFrame.from_dict(dict(found), orient="index", columns=["kind", "state", "name"])
    marks.index = marks.index.astype("int64")
    return marks.sort_index()


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
    size = np.bincount(components(u, v)[1])
    return len(size) - 1, float(1 - size.max() / size.sum())


def components(u: Ints, v: Ints) -> tuple[Ints, Ints]:
    """Return the nodes of edges, ascending, and the number of the component that each belongs to."""
    ids, place = np.unique(np.concatenate([u, v]), return_inverse=True)
    ends = place[: len(u)], place[len(u) :]
    links = coo_matrix((np.ones(len(u), dtype=np.int8), ends), shape=(len(ids),) * 2)
    return ids, connected_components(links, directed=False)[1].astype(np.int64)


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


Private = Literal["open", "residents", "closed"]
Gates = Literal["tagged", "open", "closed"]

#: Seconds to pass a valve that is shut.
SHUT = float("inf")


def gate_open(marks: pd.DataFrame, *, gates: Gates, gate_states: Mapping[str, bool]) -> pd.DataFrame:
    """Return `marks` with ``state`` as the study wants it and ``stated`` where it names the gate.

    The state of a gate comes from `gate_states` (by id or name), else from `gates` (all open, all closed), else from
    its tags. Walls and other barriers only follow `gate_states` and their tags.
    """
    state = marks["state"].astype(object)
    if gates != "tagged":
        state = state.mask(marks["kind"] == "gate", gates)
    by_id = pd.Series(marks.index.astype(str), index=marks.index).map(gate_states)
    named = marks["name"].map(gate_states)
    word = by_id.where(by_id.notna(), named)
    state = state.mask(word == True, "open").mask(word == False, "closed")  # noqa: E712 - word may be null
    return marks.assign(state=state, stated=word == True)  # noqa: E712


def unknown_gates(marks: pd.DataFrame, gate_states: Mapping[str, bool]) -> list[str]:
    """Return the entries of `gate_states` that name no gate or barrier of the network."""
    known = set(marks.index.astype(str)) | set(marks["name"])
    return [gate for gate in gate_states if gate not in known]


def add_valves(
    nodes: pd.DataFrame, edges: gpd.GeoDataFrame, marks: pd.DataFrame, *, private: Private
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return nodes and edges with a valve at every gate, barrier and entry to residents-only ways.

    Parameters
    ----------
    nodes, edges
        As `geoplan.inputs.streets.edges.build_edges` gives them.
    marks
        Indexed by node id: ``kind, state`` (``open, closed, private``), ``name, stated``; those of ``kind`` gate or
        barrier become valves where two edges or more meet.
    private
        ``open``: entries and private gates let everybody through; ``residents``: one may walk out of private ways but
        not in; ``closed``: neither.
    """
    ends = _Ends(edges["u"].to_numpy().copy(), edges["v"].to_numpy().copy())
    parts = _Parts(nodes)
    residents = (edges["access"] == RESIDENTS).to_numpy()
    opened = set(marks.index[marks["stated"].astype(bool)])
    _part_entries(ends, parts, residents, private=private, opened=opened)
    barred = marks[marks["kind"].isin(["gate", "barrier"]) & marks.index.isin(nodes.index)]
    guarded = set(parts.frame["u"]) if parts.rows else set()
    _part_gates(ends, parts, barred, guarded=guarded, private=private)
    return _assemble(nodes, edges, ends, parts)


class _Ends:
    """Node at each end of each edge, u ends before v ends; valves are appended as they are made."""

    def __init__(self, u: Ints, v: Ints) -> None:
        self.node = np.concatenate([u, v])
        self.edges = len(u)


class _Parts:
    """Copies of nodes and the valves that join them, in the order in which they are made."""

    def __init__(self, nodes: pd.DataFrame) -> None:
        self.next_id = int(nodes.index.max()) + 1 if len(nodes) else 0
        self.copies: list[tuple[int, int]] = []
        self.rows: list[dict[str, Any]] = []

    def copy(self, node: int) -> int:
        self.copies.append((self.next_id, node))
        self.next_id += 1
        return self.next_id - 1

    def valve(
        self, u: int, v: int, origin: int, *, highway: str, seconds: tuple[float, float], inside: bool
    ) -> None:
        access = RESIDENTS if inside else "open"
        self.rows.append(
            {"u": u, "v": v, "origin": origin, "highway": highway, "access": access,
             "fixed_fwd_s": seconds[0], "fixed_bwd_s": seconds[1]}
        )  # fmt: skip

    @property
    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows)


def _part_entries(
    ends: _Ends, parts: _Parts, residents: npt.NDArray[np.bool_], *, private: Private, opened: set[int]
) -> None:
    """Part every node where open and residents-only edges meet: u is the open side, v the private one."""
    private_end = np.concatenate([residents, residents])
    both = np.intersect1d(ends.node[private_end], ends.node[~private_end])
    into = {"open": 0.0, "residents": SHUT, "closed": SHUT}[private]
    out = SHUT if private == "closed" else 0.0
    copies = np.empty(len(both), dtype=np.int64)
    for place, node in enumerate(both.tolist()):
        copies[place] = parts.copy(node)
        # a gate that the study opens by name opens the entry behind it
        seconds = (0.0, 0.0) if node in opened else (into, out)
        parts.valve(node, int(copies[place]), node, highway="entry", seconds=seconds, inside=True)
    moved = private_end & np.isin(ends.node, both)
    ends.node[moved] = copies[np.searchsorted(both, ends.node[moved])]


def _part_gates(
    ends: _Ends, parts: _Parts, barred: pd.DataFrame, *, guarded: set[int], private: Private
) -> None:
    """Part every gate and barrier; private ones last get their direction, when the inside can be told."""
    order = np.argsort(ends.node, kind="stable")
    sorted_nodes = ends.node[order]
    undecided: list[int] = []
    for node, state in zip(barred.index.tolist(), barred["state"].tolist(), strict=True):
        places = order[
            np.searchsorted(sorted_nodes, node) : np.searchsorted(sorted_nodes, node, side="right")
        ]
        sides = len(places) + (node in guarded)
        if sides < 2:
            continue
        seconds = _gate_seconds(state, private, guarded=node in guarded)
        # with two sides the node itself is one of them; with more it is the gate's middle
        moving = places if sides > 2 else places[1 - (node in guarded) :]
        for place in moving.tolist():
            ends.node[place] = copy = parts.copy(node)
            if seconds is None:
                undecided.append(len(parts.rows))
            parts.valve(node, copy, node, highway="gate", seconds=seconds or (SHUT, SHUT), inside=False)
    if undecided:
        _decide_inside(ends, parts, undecided)


def _gate_seconds(state: str, private: Private, *, guarded: bool) -> tuple[float, float] | None:
    """Return seconds both ways; None where it is for residents and its inside is still to be told."""
    if state == "private":
        if private == "residents" and not guarded:
            return None
        # the entry behind a guarded gate already lets nobody in
        state = "closed" if private == "closed" else "open"
    return (0.0, 0.0) if state == "open" else (SHUT, SHUT)


def _decide_inside(ends: _Ends, parts: _Parts, undecided: list[int]) -> None:
    """Let residents out of private gates: the inside is the smaller side when every private gate is shut.

    Where both sides hang together some other way, nobody needs this gate to get out, and it stays shut.
    """
    rows = parts.frame
    linked = rows.drop(index=undecided)
    u = np.concatenate([ends.node[: ends.edges], linked["u"].to_numpy(dtype=np.int64)])
    v = np.concatenate([ends.node[ends.edges :], linked["v"].to_numpy(dtype=np.int64)])
    gates = rows.loc[undecided]
    alone = np.concatenate([gates["u"], gates["v"]]).astype(np.int64)  # a loop links a node to nothing
    ids, label = components(np.concatenate([u, alone]), np.concatenate([v, alone]))
    size = np.bincount(label)
    several = gates["u"].duplicated(keep=False).to_numpy()
    for row, at_u, at_v, crossroads in zip(
        undecided, np.searchsorted(ids, gates["u"]), np.searchsorted(ids, gates["v"]), several, strict=True
    ):
        side_u, side_v = size[label[at_u]], size[label[at_v]]
        if label[at_u] == label[at_v] or side_u == side_v or crossroads:
            continue
        out_of_v = (SHUT, 0.0) if side_v < side_u else (0.0, SHUT)
        parts.rows[row]["fixed_fwd_s"], parts.rows[row]["fixed_bwd_s"] = out_of_v


def _assemble(
    nodes: pd.DataFrame, edges: gpd.GeoDataFrame, ends: _Ends, parts: _Parts
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return the parted nodes, and the edges with the valves behind them."""
    moved = edges.assign(u=ends.node[: ends.edges], v=ends.node[ends.edges :])
    if not parts.rows:
        return nodes, moved
    copies = nodes.loc[[origin for _, origin in parts.copies]]
    copies.index = pd.Index([copy for copy, _ in parts.copies], name="node_id", dtype="int64")
    valves = parts.frame
    at = nodes.loc[valves["origin"]]
    places = np.repeat(at[["x", "y"]].to_numpy(), 2, axis=0)
    valves["geometry"] = shapely.linestrings(places, indices=np.repeat(np.arange(len(valves)), 2))
    valves = valves.assign(
        oneway=0,
        bridge=False,
        tunnel=False,
        level="",
        osm_id=valves["origin"].astype(str),
        name=at["name"].to_numpy(),
    )
    table = gpd.GeoDataFrame(valves[list(EDGE_COLUMNS)], geometry="geometry", crs=edges.crs)
    joined = pd.concat([moved, table], ignore_index=True)
    joined.index.name = "edge_id"
    return pd.concat([nodes, copies]), joined
