"""Sums of demand points over zones of every level: the one place that knows how points, zones and overlays hang together.

A demand point names its finest partition zone; every zone above it follows by ``parent_id``. An estate is an overlay:
it takes its share of each point. Points of the halo enter nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.inputs.ranges import ranges
from geoplan.tables import DEMAND, LEVELS, OVERLAY, ZONES, check_ids, raise_faults
from geoplan.words.errors import Note, TableError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Kinds of place that circles report apart, and the levels at which they do (city and district indicators).
KINDS = ("urban", "rural")
KIND_LEVELS = ("area", "district")


@dataclass(frozen=True)
class ZoneSums:
    """Where every demand point counts.

    Rows are the zones in the order of the zones table, each followed by its urban and rural parts where it has any
    (area and districts only). Made by :func:`zone_sums`.

    Parameters
    ----------
    rows
        ``zone_id, kind, level``; shape (n_rows, 3), ``kind`` is empty, ``urban`` or ``rural``.
    points
        demand_ids inside the study area; shape (n_points,).
    member
        Position in `points`; shape (n_members,). A point is a member of its own zone and of its estates.
    cell
        Position of the zone that the member counts in directly; shape (n_members,).
    share
        Share (0-1) of the point that the cell takes; shape (n_members,).
    n_cells
        Number of zones.
    row_of_cell, cell_of_row
        Pairs (row, cell) that say which cells a row is made of; each shape (n_pairs,).
    is_leaf
        True for rows that are partition zones without zones below; shape (n_rows,).
    leaf_pairs
        Pairs (row, leaf row): the leaves that a partition row is made of; shape (2, n_leaf_pairs).
    """

    rows: pd.DataFrame
    points: pd.Index
    member: Ints
    cell: Ints
    share: Floats
    n_cells: int
    row_of_cell: Ints
    cell_of_row: Ints
    is_leaf: npt.NDArray[np.bool_]
    leaf_pairs: Ints

    def sums(self, values: Floats) -> Floats:
        """Return the sum of `values` (one a point, >= 0, may be inf) in each row, shape (n_rows,).

        Points are summed to cells and cells to rows, so that a parent equals the sum of its children to rounding.
        """
        cells = np.bincount(
            self.cell, weights=_product(values[self.member], self.share), minlength=self.n_cells
        )
        rows = np.bincount(self.row_of_cell, weights=cells[self.cell_of_row], minlength=len(self.rows))
        return rows.astype(np.float64, copy=False)

    def leaf_counts(self, marked: npt.NDArray[np.bool_]) -> Ints:
        """Return how many leaves below each row (itself included) are `marked`; `marked` has shape (n_rows,)."""
        row, leaf = self.leaf_pairs
        return np.bincount(row[marked[leaf]], minlength=len(self.rows)).astype(np.int64)

    def weighted_median(self, values: Floats, weights: Floats) -> Floats:
        """Return each row's weighted median of `values`: the least value that half of the weight does not exceed.

        A value of inf says that the point has none; a row under half of whose weight has a value gets NaN, and so
        does a row without weight.
        """
        keep = np.isfinite(values)[self.member] & (weights[self.member] * self.share > 0)
        member, cell, share = self.member[keep], self.cell[keep], self.share[keep]
        row, n = self._rows_above(cell)
        point, part = np.repeat(member, n), np.repeat(share, n)
        # each weight as a share of its row's, so that one small row keeps its digits beside large ones
        weight = weights[point] * part / self.sums(weights)[row]
        order = np.lexsort((values[point], row))
        row, value, weight = row[order], values[point][order], weight[order]
        # running weight within each row, started anew where the row changes
        first = np.flatnonzero(np.diff(row, prepend=-1))
        running = np.cumsum(weight)
        before = np.repeat(running[first] - weight[first], np.diff(np.append(first, len(row))))
        reached = running - before >= 0.5 - 1e-9
        median = np.full(len(self.rows), np.nan)
        # the first position in each row whose running weight holds half: assigned last when read backwards
        hit = np.flatnonzero(reached)[::-1]
        median[row[hit]] = value[hit]
        return median

    def commonest(self, codes: Ints, weights: Floats) -> Ints:
        """Return the code (>= 0) with most weight in each row, the lowest of equals; -1 where no point has one."""
        keep = (codes >= 0)[self.member] & (weights[self.member] * self.share > 0)
        weight = (weights[self.member] * self.share)[keep]
        # totals by cell and code go up to rows, then the largest in each row is taken
        cell, code, weight = _by_pair(self.cell[keep], codes[self.member[keep]], weight)
        row, n = self._rows_above(cell)
        row, code, weight = _by_pair(row, np.repeat(code, n), np.repeat(weight, n))
        order = np.lexsort((code, -np.round(weight, 9), row))
        row, code = row[order], code[order]
        best = np.full(len(self.rows), -1, dtype=np.int64)
        best[row[::-1]] = code[::-1]
        return best

    def _rows_above(self, cell: Ints) -> tuple[Ints, Ints]:
        """Return the rows that each of `cell` counts in, one cell after another, and how many rows each has."""
        at = np.argsort(self.cell_of_row, kind="stable")
        start = np.searchsorted(self.cell_of_row[at], np.arange(self.n_cells + 1))
        n = np.diff(start)[cell]
        return self.row_of_cell[at][np.repeat(start[cell], n) + ranges(n)], n


def zone_sums(demand: pd.DataFrame, zones: pd.DataFrame, overlay: pd.DataFrame | None = None) -> ZoneSums:
    """Return where every demand point counts, for any number of sums.

    Parameters
    ----------
    demand
        ``zone_id, halo``, indexed by demand_id. Points of the halo, or with no zone, count nowhere.
    zones
        ``level, parent_id, kind``, indexed by zone_id.
    overlay
        ``demand_id, zone_id, share`` (0-1); None where there are no estates.

    Raises
    ------
    TableError
        If an index is not unique, a zone or demand point is unknown, or parents go in a circle.

    Examples
    --------
    >>> zones = pd.DataFrame({"level": ["area", "community"], "parent_id": [None, "area/1"], "kind": [frozenset()] * 2},
    ...     index=["area/1", "community/a"])
    >>> demand = pd.DataFrame({"zone_id": ["community/a"] * 2 + [None], "halo": [False, False, True]})
    >>> zone_sums(demand, zones).sums(np.array([1.5, 2.0])).tolist()
    [3.5, 3.5]
    """
    raise_faults(
        ZONES.faults(zones, ("level", "parent_id", "kind")),
        DEMAND.faults(demand, ("zone_id", "halo"), zone_id=zones.index),
    )
    inside = demand[demand["zone_id"].notna() & ~demand["halo"].astype(bool)]

    above = lineage(zones)
    kind = _kind_of(zones, above)
    leaf = _is_leaf(zones)
    rows, row_of, kind_row = _rows(zones, above, kind, leaf)
    member, cell, share = _members(inside, demand, zones, overlay)
    pairs = _row_cells(zones, above, kind, row_of, kind_row)
    leaf_row = np.zeros(len(rows), dtype=bool)
    leaf_row[row_of] = leaf
    row_leaf = leaf[pairs[1]] & (zones["level"].to_numpy()[pairs[1]] != "estate")
    return ZoneSums(
        rows=rows,
        points=inside.index,
        member=member,
        cell=cell,
        share=share,
        n_cells=len(zones),
        row_of_cell=pairs[0],
        cell_of_row=pairs[1],
        is_leaf=leaf_row,
        leaf_pairs=np.stack([pairs[0][row_leaf], row_of[pairs[1][row_leaf]]]),
    )


def lineage(zones: pd.DataFrame) -> Ints:
    """Return pairs (position of a zone, position of itself or of a zone above it), shape (2, n).

    An estate stands under its community here; sums of people leave that step out, since people come to the
    community from the demand points.

    Raises
    ------
    TableError
        If a parent is not in the table, or parents go in a circle.
    """
    named = zones[zones["parent_id"].notna()]
    check_ids(named, name="zones", parent_id=zones.index)
    parent = zones.index.get_indexer(pd.Index(zones["parent_id"]))
    parent[zones["parent_id"].isna().to_numpy()] = -1
    zone = np.arange(len(zones))
    upper = zone.copy()
    found = []
    for _ in LEVELS:
        found.append(np.stack([zone, upper]))
        zone, upper = zone[parent[upper] >= 0], parent[upper][parent[upper] >= 0]
        if not len(zone):
            return np.concatenate(found, axis=1).astype(np.int64)
    ids = ", ".join(map(str, zones.index[zone][:10]))
    raise TableError(Note.of("zone_parents_circular", ids=ids, severity="error"))


def _is_leaf(zones: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return True for partition zones that no other partition zone names as its parent."""
    partition = (zones["level"] != "estate").to_numpy()
    parents = set(zones.loc[partition, "parent_id"].dropna())
    return partition & ~zones.index.isin(list(parents))


def _kind_of(zones: pd.DataFrame, above: Ints) -> npt.NDArray[np.object_]:
    """Return urban, rural or empty per zone: its own word, else that of the nearest zone above that has one."""
    own = np.array([next((k for k in KINDS if k in kinds), "") for kinds in zones["kind"]], dtype=object)
    kind = np.full(len(zones), "", dtype=object)
    for zone, upper in above.T:  # pairs stand nearest first
        if not kind[zone] and own[upper]:
            kind[zone] = own[upper]
    return kind


def _rows(
    zones: pd.DataFrame, above: Ints, kind: npt.NDArray[np.object_], leaf: npt.NDArray[np.bool_]
) -> tuple[pd.DataFrame, Ints, dict[tuple[int, str], int]]:
    """Return the rows, the row of each zone, and the row of each (zone, kind)."""
    levels = zones["level"].to_numpy(dtype=object)
    has = {(int(upper), str(kind[zone])) for zone, upper in above.T if leaf[zone] and kind[zone]}
    table: list[tuple[Any, str, str]] = []
    row_of = np.empty(len(zones), dtype=np.int64)
    kind_row: dict[tuple[int, str], int] = {}
    for zone, zone_id in enumerate(zones.index):
        row_of[zone] = len(table)
        table.append((zone_id, "", levels[zone]))
        for k in KINDS:
            if levels[zone] in KIND_LEVELS and (zone, k) in has:
                kind_row[zone, k] = len(table)
                table.append((zone_id, k, levels[zone]))
    return pd.DataFrame(table, columns=["zone_id", "kind", "level"]), row_of, kind_row


def _row_cells(
    zones: pd.DataFrame,
    above: Ints,
    kind: npt.NDArray[np.object_],
    row_of: Ints,
    kind_row: dict[tuple[int, str], int],
) -> Ints:
    """Return pairs (row, cell): which zones' own points a row is made of, cells in order within a row."""
    estate = (zones["level"] == "estate").to_numpy()
    cell, upper = above[:, ~estate[above[0]] | (above[0] == above[1])]
    pairs = [np.stack([row_of[upper], cell])]
    extra = [
        (kind_row[u, kind[c]], c)
        for c, u in zip(cell.tolist(), upper.tolist(), strict=True)
        if (u, kind[c]) in kind_row and not estate[c]
    ]
    if extra:
        pairs.append(np.array(extra, dtype=np.int64).T)
    both = np.concatenate(pairs, axis=1)
    return both[:, np.lexsort((both[1], both[0]))]


def _members(
    inside: pd.DataFrame, demand: pd.DataFrame, zones: pd.DataFrame, overlay: pd.DataFrame | None
) -> tuple[Ints, Ints, Floats]:
    """Return (point, cell, share): every point in its own zone, and in its estates by the overlay's weights."""
    member = np.arange(len(inside), dtype=np.int64)
    cell = zones.index.get_indexer(pd.Index(inside["zone_id"])).astype(np.int64)
    share = np.ones(len(inside))
    if overlay is None or overlay.empty:
        return member, cell, share
    OVERLAY.check(overlay, demand_id=demand.index, zone_id=zones.index)
    position = inside.index.get_indexer(pd.Index(overlay["demand_id"]))
    known = position >= 0  # an estate's part in the halo counts nowhere
    over_cell = zones.index.get_indexer(pd.Index(overlay["zone_id"]))
    return (
        np.r_[member, position[known]],
        np.r_[cell, over_cell[known]],
        np.r_[share, overlay["share"].to_numpy(dtype=float)[known]],
    )


def _product(values: Floats, share: Floats) -> Floats:
    """Return values * share with 0 * inf = 0: nothing of something unknown is nothing."""
    return np.multiply(values, share, out=np.zeros(len(values)), where=(share > 0) & (values != 0))


def _by_pair(first: Ints, second: Ints, weights: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the sum of `weights` by (first, second), in their order."""
    if not len(first):
        return first, second, weights
    order = np.lexsort((second, first))
    first, second, weights = first[order], second[order], weights[order]
    new = np.flatnonzero(np.r_[True, (first[1:] != first[:-1]) | (second[1:] != second[:-1])])
    return first[new], second[new], np.add.reduceat(weights, new)
