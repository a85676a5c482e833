"""Whether some choice brings everyone within a radius: a set cover under the limits, made small, then decided.

Exchanges that leave fewest points uncovered say yes; Lagrangian prices or the linear program that some point stays uncovered say no;
the integer program decides the rest.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array, vstack

from geoplan.siting.objectives.median.arrays import Medians, built
from geoplan.siting.objectives.median.bound import climb
from geoplan.siting.objectives.median.limits import quiet
from geoplan.siting.objectives.median.search import improved
from geoplan.siting.problems import Bools, Floats, Ints, SelectionConstraints, Stopped
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve

#: Most points or options of which every two are compared.
COMPARED = 4000
#: Rounds of prices, choices met on the way that are improved, and the bound on points uncovered that rounding cannot make.
ROUNDS, TRIES, SURE = 300, 4, 1e-4


@dataclass(frozen=True, eq=False)
class Far:
    """Points to be brought near.

    Parameters
    ----------
    constraints
        The limits.
    option, point, seconds
        Walks shorter than what the point has, one entry each.
    have
        Seconds that each point walks without any option, at most `cutoff_seconds`, shape (m,).
    start
        A choice that the limits allow.
    """

    constraints: SelectionConstraints
    option: Ints
    point: Ints
    seconds: Floats
    have: Floats
    start: Ints


@dataclass(frozen=True, eq=False)
class Probe:
    """``yes`` with a choice, ``no``, or ``unknown``: not decided by the quick means, or stopped."""

    state: Literal["yes", "no", "unknown"]
    chosen: Ints
    stopped: Stopped = ""
    nodes: int = 0


NOTHING = np.empty(0, np.int64)
NO, UNKNOWN = Probe("no", NOTHING), Probe("unknown", NOTHING)


def quick(far: Far, radius: float, *, control: SearchControl) -> Probe:
    """Decide by exchanges, or by prices under which even the best earners leave a point uncovered.

    Parameters
    ----------
    far
        The points.
    radius
        Seconds within which everyone is to be.
    control
        Limits of the search.
    """
    within = far.seconds <= radius
    open_ = far.have > radius
    met = np.zeros(len(far.have), bool)
    met[far.point[within]] = True
    if (open_ & ~met).any():
        return NO
    arrays = _uncovered(far, within, open_)
    chosen = improved(arrays, far.start)
    left = _count(arrays, chosen)
    if not left:
        return Probe("yes", chosen)
    fewest, kept, tries = float(left), chosen, 0

    def tried(taken: Ints, _bound: float) -> float:
        nonlocal fewest, kept, tries
        if tries < TRIES and arrays.constraints.allows(taken):
            tries += 1
            after = improved(arrays, taken, moves=2 * len(taken) + 5)
            if _count(arrays, after) < fewest:
                fewest, kept = float(_count(arrays, after)), after
        return fewest

    def go_on(bound: float) -> bool:
        return bound <= SURE and fewest > 0 and not control.stopped()

    price = np.full(len(arrays.top), 0.5)
    priced = climb(arrays, fewest, price=price, tried=tried, go_on=go_on, rounds=ROUNDS)
    if not fewest:
        return Probe("yes", kept)
    return NO if priced.bound > SURE else UNKNOWN


def _uncovered(far: Far, within: Bools, open_: Bools) -> Medians:
    """Return the median that counts uncovered points: 0 where an option is within the radius, else 1."""
    use = within & open_[far.point]
    number = np.cumsum(open_) - 1
    return built(
        np.arange(len(far.constraints)),
        (csr_array(far.constraints.rows), far.constraints.least, far.constraints.most),
        (far.option[use], number[far.point[use]], np.zeros(int(use.sum())), np.ones(int(open_.sum()))),
        origin=np.arange(int(open_.sum())),
        fixed=NOTHING,
        base=0.0,
        whole=True,
    )


def _count(arrays: Medians, chosen: Ints) -> int:
    covered = np.zeros(len(arrays.top), bool)
    for j in chosen:
        covered[arrays.point[arrays.start[j] : arrays.start[j + 1]]] = True
    return int((~covered).sum())


def decided(far: Far, radius: float, *, control: SearchControl, nodes: int, relax: bool) -> Probe:
    """Decide by the linear program (`relax`: only a ``no`` or a whole solution counts) or by the integer program.

    Parameters
    ----------
    far, radius, control
        As for `quick`.
    nodes
        Nodes looked at before.
    relax
        Whether integers are left out.
    """
    use = (far.seconds <= radius) & (far.have[far.point] > radius)
    open_ = np.flatnonzero(far.have > radius)
    n = len(far.constraints)
    number = np.searchsorted(open_, far.point[use])
    covers = csr_array((np.ones(int(use.sum())), (number, far.option[use])), shape=(len(open_), n))
    keep, never = _smallest(covers, far.constraints)
    model = Linear(
        np.zeros(n),
        np.zeros(n),
        np.where(never, 0.0, 1.0),
        csr_array(vstack([far.constraints.rows, covers[keep]])),
        np.r_[far.constraints.least, np.ones(len(keep))],
        np.r_[far.constraints.most, np.full(len(keep), np.inf)],
        np.ones(n, bool),
    )
    found = solve(model, control=quiet(control, nodes=nodes), relax=relax)
    if found.state == "infeasible":
        return Probe("no", NOTHING, nodes=found.nodes)
    if found.x is not None:
        chosen = np.flatnonzero(found.x > 0.5)
        if far.constraints.allows(chosen) and not len(
            np.setdiff1d(np.arange(len(keep)), covers[keep][:, chosen].nonzero()[0])
        ):
            return Probe("yes", chosen, nodes=found.nodes)
    return Probe("unknown", NOTHING, stopped="" if relax else found.stopped, nodes=found.nodes)


def _smallest(covers: csr_array, constraints: SelectionConstraints) -> tuple[Ints, Bools]:
    """Return the points that have to be asked for, and the options that another of the same limits betters.

    A point is covered for certain where one is whose options are all its own; an option that covers part of what another covers is not
    needed if both use the same of every limit, and no limit asks for a least of either.
    """
    keep, never = np.arange(covers.shape[0]), np.zeros(covers.shape[1], bool)
    for _ in range(3):
        part = csr_array(covers[keep][:, np.flatnonzero(~never)])
        larger = _containing(part)
        keep = keep[~larger]
        part = csr_array(covers[keep].T[np.flatnonzero(~never)])
        worse = _contained(part, _kinds(constraints)[~never])
        if not worse.any() and not larger.any():
            break
        never[np.flatnonzero(~never)[worse]] = True
    return keep, never


def _kinds(constraints: SelectionConstraints) -> Ints:
    """Return a number by option, the same for options that use the same of every limit; -1 where a limit asks for a least."""
    columns = csr_array(constraints.rows.T)
    columns.sort_indices()
    first: dict[tuple[bytes, bytes], int] = {}
    kind = np.empty(len(constraints), np.int64)
    asked = np.zeros(len(constraints), bool)
    asked[constraints.rows[np.flatnonzero(constraints.least > 0)].indices] = True
    for j, (a, b) in enumerate(zip(columns.indptr[:-1], columns.indptr[1:], strict=True)):
        kind[j] = first.setdefault((columns.indices[a:b].tobytes(), columns.data[a:b].tobytes()), j)
    kind[asked] = -1
    return kind


def _containing(sets: csr_array) -> Bools:
    """Return which rows contain another row, of equal ones all but the first; shape (m,)."""
    size: Ints = np.diff(sets.indptr)
    pairs = _common(sets)
    if pairs is None:
        return _repeated(sets)
    k, other, common = pairs
    inside = (common == size[other]) & (k != other) & ((size[k] > size[other]) | (other < k))
    larger = np.zeros(sets.shape[0], bool)
    larger[k[inside]] = True
    return larger


def _contained(sets: csr_array, kind: Ints) -> Bools:
    """Return which rows another row of the same kind contains, of equal ones all but the first; shape (n,)."""
    size: Ints = np.diff(sets.indptr)
    pairs = _common(sets)
    empty: Bools = (size == 0) & (kind >= 0)
    if pairs is None:
        return empty | (_repeated(sets, kind) & (kind >= 0))
    k, other, common = pairs
    alike = (kind[k] == kind[other]) & (kind[k] >= 0) & (k != other)
    inside = alike & (common == size[k]) & ((size[k] < size[other]) | (other < k))
    empty[k[inside]] = True
    return empty


def _common(sets: csr_array) -> tuple[Ints, Ints, Floats] | None:
    if sets.shape[0] > COMPARED:
        return None
    shared = (sets @ sets.T).tocoo()
    return shared.row.astype(np.int64), shared.col.astype(np.int64), shared.data


def _repeated(sets: csr_array, kind: Ints | None = None) -> Bools:
    sets.sort_indices()
    seen: set[tuple[bytes, int]] = set()
    again = np.zeros(sets.shape[0], bool)
    for k, (a, b) in enumerate(zip(sets.indptr[:-1], sets.indptr[1:], strict=True)):
        key = (sets.indices[a:b].tobytes(), -1 if kind is None else int(kind[k]))
        again[k] = key in seen
        seen.add(key)
    return again
