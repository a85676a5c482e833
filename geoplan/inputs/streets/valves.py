"""Gates, barriers and entries to private ways as valves: edges of no length whose seconds are 0 or infinite.

A node with a valve is parted: each side gets a node of its own at the same place, and the valve joins them. Opening or
closing it changes two numbers; the network stays as it is.
"""

from collections.abc import Mapping
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geoplan.inputs.streets.edges import EDGE_COLUMNS
from geoplan.inputs.streets.walk_table import RESIDENTS

Private = Literal["open", "residents", "closed"]
Gates = Literal["tagged", "open", "closed"]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

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
    ids = np.unique(np.concatenate([u, v, gates["u"], gates["v"]]).astype(np.int64))
    links = coo_matrix(
        (np.ones(len(u), dtype=np.int8), (np.searchsorted(ids, u), np.searchsorted(ids, v))),
        shape=(len(ids),) * 2,
    )
    _, label = connected_components(links, directed=False)
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
