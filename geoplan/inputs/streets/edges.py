"""From ways (lines through numbered points) to the edges between junctions, as arrays, with gates and private entries as valves.

A point is a junction where ways meet or end, where a way meets itself, and at gates, barriers and crossings. Every
stretch of a way between two junctions is one edge. A valve is an edge of no length whose seconds are 0 or infinite. A node with a
valve is parted: each side gets a node of its own at the same place, and the valve joins them. Opening or closing it changes two numbers;
the network stays as it is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geoplan.inputs.ranges import ranges
from geoplan.inputs.streets.walk_table import OPEN, OUT, RESIDENTS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Vertices closer than this in x and in y are one, metres.
SAME_PLACE_M = 1e-3
#: What a way carries to each of its edges.
WAY_COLUMNS = (
    "highway",
    "access",
    "oneway",
    "bridge",
    "tunnel",
    "level",
    "on_ground",
    "ride_s",
    "osm_id",
    "name",
)
EDGE_COLUMNS = ("u", "v", *WAY_COLUMNS, "fixed_fwd_s", "fixed_bwd_s", "geometry")


@dataclass(frozen=True)
class Ways:
    """Ways as they were read and judged.

    `table` has a row a way: `WAY_COLUMNS`, ``layer``, ``rule`` and ``square`` (one word for all rings of an area, else empty); ``access`` is empty for a way that is left out by its class
    (kept to measure what leaving it out costs). The vertices of way i are ``vertex[first[i]:first[i + 1]]``, positions
    in `node_id` (ascending) and `xy` (metres). `marks` is indexed by node id: ``kind, state, name``. With `by_place` the node
    ids are no source's: ends ascend by place.
    """

    table: pd.DataFrame
    first: Ints
    vertex: Ints
    node_id: Ints
    xy: Floats
    marks: pd.DataFrame
    by_place: bool = False


@dataclass(frozen=True)
class Stretches:
    """Stretches of ways between junctions: `start` and `stop` are places in ``Ways.vertex``, `way` a row of its table."""

    start: Ints
    stop: Ints
    way: Ints


def no_marks() -> pd.DataFrame:
    """Return the table of marks of ways without any."""
    return pd.DataFrame(
        {"kind": [], "state": [], "name": []}, index=pd.Index([], dtype="int64"), dtype=object
    )


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
    return np.concatenate([[0], np.cumsum(keep)])[first].astype(np.int64), vertex[keep]


def place_key(xy: Floats) -> Ints:
    """Return a number a place, equal where x and y agree to the millimetre, ascending by x, then y.

    Examples
    --------
    >>> key = place_key(np.array([[500000.0, 1.0], [500000.0003, 1.0], [500000.0, 1.001]]))
    >>> bool(key[0] == key[1]), bool(key[0] < key[2])
    (True, True)
    """
    steps = np.rint(xy / SAME_PLACE_M).astype(np.int64)
    if len(steps):
        steps -= steps.min(axis=0)
    key: Ints = steps[:, 0] * (steps[:, 1].max(initial=0) + 1) + steps[:, 1]
    return key


def storeys(table: pd.DataFrame) -> Ints:
    """Return a number for the storey of each way, equal where ways may meet without a shared point; -1: bridge, tunnel, ferry.

    Examples
    --------
    >>> ways = pd.DataFrame({"level": ["", "", "1", ""], "layer": ["", "0", "", ""], "bridge": [False] * 3 + [True]})
    >>> storeys(ways.assign(tunnel=False, highway="path")).tolist()
    [0, 0, 1, -1]
    """
    layer, layers = pd.factorize(table["layer"])
    words = [str(word).removesuffix(".0") for word in layers]
    plain, _ = pd.factorize(np.array(["" if word == "0" else word for word in words], dtype=object))
    level, levels = pd.factorize(table["level"])
    return np.where(
        table["bridge"] | table["tunnel"] | (table["highway"] == "ferry"),
        -1,
        plain[layer] * len(levels) + level,
    )


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
    way = np.repeat(np.arange(len(table)), np.diff(ways.first))
    at_suspect = np.isin(ways.vertex, suspects)
    storey = storeys(table)[way[at_suspect]]
    met = pd.DataFrame({"place": same[ways.vertex[at_suspect]], "storey": storey}).groupby("place")["storey"]
    joined = met.nunique().eq(1) & met.first().ge(0)
    places = joined.index[joined].to_numpy()
    stands_for = np.arange(len(ways.node_id))
    moved = np.isin(same, places)
    stands_for[moved] = first_at[same[moved]]  # positions ascend by id, so the first has the lowest
    taken = int((stands_for != np.arange(len(stands_for))).sum())
    renamed = pd.Series(ways.node_id[stands_for], index=ways.node_id).loc[ways.marks.index].to_numpy()
    marks = ways.marks.set_axis(pd.Index(renamed, dtype="int64"))
    marks = marks[~marks.index.duplicated()].sort_index()
    first, vertex = without_repeats(ways.first, stands_for[ways.vertex])
    return replace(ways, first=first, vertex=vertex, marks=marks), taken


def choose_ways(ways: Ways, chosen: Bools) -> Ways:
    """Return the chosen ways, with the same points."""
    counts = np.diff(ways.first)
    first = np.concatenate([[0], np.cumsum(counts[chosen])]).astype(np.int64)
    table = ways.table[chosen].reset_index(drop=True)
    return replace(ways, table=table, first=first, vertex=ways.vertex[np.repeat(chosen, counts)])


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
    if np.isfinite(table["ride_s"]).any():
        table["ride_s"] = table["ride_s"] * _shares(lines, stretches.way)[real]
    edges = gpd.GeoDataFrame(
        {"u": u[real], "v": v[real], **table, "fixed_fwd_s": 0.0, "fixed_bwd_s": 0.0},
        geometry=lines[real],
        crs=crs,
    )
    edges.index.name = "edge_id"
    return nodes_of(edges, ways), edges


def _shares(lines: npt.NDArray[np.object_], way: Ints) -> Floats:
    """Return the share (0-1) of each stretch in the length of its way."""
    length = shapely.length(lines)
    whole = np.bincount(way, weights=length)[way]
    shares: Floats = np.divide(length, whole, out=np.ones(len(length)), where=whole > 0)
    return shares


def lines_of(ways: Ways, stretches: Stretches) -> npt.NDArray[np.object_]:
    """Return one LineString a stretch."""
    counts = stretches.stop - stretches.start + 1
    line = np.repeat(np.arange(len(counts)), counts)
    places = ranges(counts) + np.repeat(stretches.start, counts)
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


def islands(u: Ints, v: Ints) -> tuple[int, float]:
    """Return how many components stand beside the largest one, and the share (0-1) of nodes on them.

    Examples
    --------
    >>> islands(np.array([1, 2, 8]), np.array([2, 3, 9]))
    (1, 0.4)
    """
    if not len(u):
        return 0, 0.0
    size = np.bincount(_labels(pd.factorize(np.concatenate([u, v]))[0]))
    return len(size) - 1, float(1 - size.max() / size.sum())


def component_lengths(u: Ints, v: Ints, metres: Floats) -> Floats:
    """Return the length of each component, metres."""
    place = pd.factorize(np.concatenate([u, v]))[0]
    lengths: Floats = np.bincount(_labels(place)[place[: len(u)]], weights=metres).astype(np.float64)
    return lengths


def components(u: Ints, v: Ints) -> tuple[Ints, Ints]:
    """Return the nodes of edges, ascending, and the number of the component that each belongs to."""
    ids, place = np.unique(np.concatenate([u, v]), return_inverse=True)
    return ids, _labels(place)


def _labels(place: Ints) -> Ints:
    """Return the number of the component of each node; `place` numbers the nodes from 0: u of all edges, then v of all."""
    u, v = np.split(place, 2)
    links = coo_matrix((np.ones(len(u), dtype=np.int8), (u, v)), shape=(place.max() + 1,) * 2)
    label: Ints = connected_components(links, directed=False)[1].astype(np.int64)
    return label


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
    network = _Network(
        np.concatenate([edges["u"], edges["v"]]), int(nodes.index.max()) + 1 if len(nodes) else 0
    )
    residents = (edges["access"] == RESIDENTS).to_numpy()
    opened = set(marks.index[marks["stated"].astype(bool)])
    guarded = _part_entries(network, np.concatenate([residents, residents]), private=private, opened=opened)
    barred = marks[marks["kind"].isin(["gate", "barrier"]) & marks.index.isin(nodes.index)]
    _part_gates(network, barred, guarded=guarded, private=private)
    return _assemble(nodes, edges, network)


@dataclass
class _Network:
    """Ends of edges (u of all, then v of all), and the valves in the order in which they are made.

    The valve at place i joins a node, its u, to the copy numbered ``first_copy + i``, its v.
    """

    ends: Ints
    first_copy: int
    valves: list[dict[str, Any]] = field(default_factory=list)

    def ends_at(self, nodes: Collection[int]) -> list[Ints]:
        """Return the places in `ends` of each node."""
        order = np.argsort(self.ends, kind="stable")
        low, high = (np.searchsorted(self.ends[order], list(nodes), side=side) for side in ("left", "right"))
        return [order[a:b] for a, b in zip(low, high, strict=True)]

    def part(self, node: int, places: Any, seconds: tuple[float, float], highway: str, access: str) -> None:  # noqa: ANN401 - one place or several
        """Give the ends at `places` a copy of their node, behind a valve."""
        self.ends[places] = copy = self.first_copy + len(self.valves)
        self.valves.append(
            {"u": node, "v": copy, "highway": highway, "access": access,
             "fixed_fwd_s": seconds[0], "fixed_bwd_s": seconds[1]}
        )  # fmt: skip


def _part_entries(network: _Network, inside: Bools, *, private: Private, opened: set[int]) -> set[int]:
    """Part every node where open and residents-only ends meet, and return these nodes: u is the open side of the entry."""
    if not inside.any():
        return set()
    both = np.intersect1d(network.ends[inside], network.ends[~inside]).tolist()
    seconds = {"open": (0.0, 0.0), "residents": (SHUT, 0.0), "closed": (SHUT, SHUT)}[private]
    for node, places in zip(both, network.ends_at(both), strict=True):
        # a gate that the study opens by name opens the entry behind it
        passed = (0.0, 0.0) if node in opened else seconds
        network.part(node, places[inside[places]], passed, "entry", RESIDENTS)
    return set(both)


def _part_gates(network: _Network, barred: pd.DataFrame, *, guarded: set[int], private: Private) -> None:
    """Part every gate and barrier; private ones last get their direction, when the inside can be told."""
    undecided: list[int] = []
    ends_at = network.ends_at(barred.index)
    for node, state, places in zip(barred.index.tolist(), barred["state"], ends_at, strict=True):
        sides = len(places) + (node in guarded)
        if sides < 2:
            continue
        seconds = _gate_seconds(state, private, guarded=node in guarded)
        # with two sides the node itself is one of them; with more it is the gate's middle
        for place in places if sides > 2 else places[1 - (node in guarded) :]:
            if seconds is None:
                undecided.append(len(network.valves))
            network.part(node, place, seconds or (SHUT, SHUT), "gate", OPEN)
    if undecided:
        _decide_inside(network, undecided)


def _gate_seconds(state: str, private: Private, *, guarded: bool) -> tuple[float, float] | None:
    """Return seconds both ways; None where it is for residents and its inside is still to be told."""
    if state == "private":
        if private == "residents" and not guarded:
            return None
        # the entry behind a guarded gate already lets nobody in
        state = "closed" if private == "closed" else "open"
    return (0.0, 0.0) if state == "open" else (SHUT, SHUT)


def _decide_inside(network: _Network, undecided: list[int]) -> None:
    """Let residents out of private gates: the inside is the smaller side when every private gate is shut.

    Where both sides hang together some other way, nobody needs this gate to get out, and it stays shut.
    """
    valves = pd.DataFrame(network.valves)[["u", "v"]]
    gates, linked = valves.loc[undecided], valves.drop(index=undecided)
    u, v = np.split(network.ends, 2)
    alone = gates.to_numpy().ravel()  # a loop links a node to nothing
    ids, label = components(np.concatenate([u, linked["u"], alone]), np.concatenate([v, linked["v"], alone]))
    size = np.bincount(label)
    side_u, side_v = (label[np.searchsorted(ids, gates[end])] for end in ("u", "v"))
    several = gates["u"].duplicated(keep=False).to_numpy()
    for row in np.flatnonzero((size[side_u] != size[side_v]) & ~several):
        out_of_v = (SHUT, 0.0) if size[side_v[row]] < size[side_u[row]] else (0.0, SHUT)
        network.valves[undecided[row]] |= dict(zip(("fixed_fwd_s", "fixed_bwd_s"), out_of_v, strict=True))


def _assemble(
    nodes: pd.DataFrame, edges: gpd.GeoDataFrame, network: _Network
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return the parted nodes, and the edges with the valves behind them."""
    u, v = np.split(network.ends, 2)
    moved = edges.assign(u=u, v=v)
    if not network.valves:
        return nodes, moved
    valves = pd.DataFrame(network.valves)
    at = nodes.loc[valves["u"]]
    copies = at.set_axis(pd.Index(valves["v"], name="node_id"))
    xy = np.repeat(at[["x", "y"]].to_numpy(), 2, axis=0)
    valves["geometry"] = shapely.linestrings(xy, indices=np.repeat(np.arange(len(valves)), 2))
    valves = valves.assign(oneway=0, bridge=False, tunnel=False, level="", on_ground=True, ride_s=np.nan)
    valves["osm_id"] = valves["u"].astype(str)
    valves["name"] = at["name"].to_numpy()
    table = gpd.GeoDataFrame(valves[list(EDGE_COLUMNS)], geometry="geometry", crs=edges.crs)
    joined = pd.concat([moved, table], ignore_index=True).rename_axis("edge_id")
    return pd.concat([nodes, copies]), joined
