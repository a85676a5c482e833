"""Maximal covering: the most people within reach of the options chosen, with proof, and the gain curve.

Lagrangian prices bound the problem and fix options, exchanges improve the incumbent, branching and HiGHS close the residual problem.
A large residual problem is branched on, the node with the highest bound first; the prices of the root are good prices at every node.
A small one goes to HiGHS whole.

The Lagrangian bound: each point k gets a price u_k, 0 <= u_k <= w_k, and each constraint but the number of sites a price v_r. An upper bound on the people
covered is::

    L(u, v) = sum_k (w_k - u_k) + sum_r v_r * limit_r + the best p of  s_j = own_j + sum_{k in j} u_k - sum_r v_r a_rj

of each group of options that exclude each other one at most. L's least value is the bound of the linear program; a subgradient
descent comes near it, each direction kept in part for the next (Camerini, Fratta & Maffioli), each price moved in measure of its weight.

References
----------
Galvão & ReVelle (1996), A Lagrangean heuristic for the maximal covering location problem, European Journal of Operational
Research 88(1):114-123, https://doi.org/10.1016/0377-2217(94)00159-6
Camerini, Fratta & Maffioli (1975), On improving relaxation methods by modified gradient techniques, Mathematical Programming
Study 3:26-34, https://doi.org/10.1007/BFb0120697
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from geoplan.network.compiled import compiled
from geoplan.siting.objectives.cover.problem import (
    Residual,
    cover_model,
    direct_points,
    exclusive_groups,
    lost,
    no_better,
    quantum,
    rounded,
    settled,
    start_of,
    whole,
)
from geoplan.siting.solve.constraints import nearest, sorted_rows
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.greedy import greedy, swap
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.presolve import merged, pattern, with_points
from geoplan.siting.solve.problems import (
    Answer,
    Bools,
    CoverageProblem,
    Floats,
    Ints,
    SelectionConstraints,
    Step,
    Stopped,
    ended,
    entries_of,
    no_answer,
)
from geoplan.siting.solve.tolerance import PROOF, ROUNDING_TOLERANCE
from geoplan.words.errors import Note

#: Steps between two checks of the search control.
CHUNK = 50


#: Length of steps: at first the whole gap (Polyak), shorter by a factor after so many steps that gain less than a share of the gap.
FIRST_STEP, SHORTER, PATIENCE, LEAST_GAIN = 1.0, 0.7, 20, 1e-5


#: Length of the first step from prices that are good already.
NEXT_STEP = 0.3


#: How much of the direction is kept from one step to the next.
KEEP = 0.9


class Arrays(NamedTuple):
    """A cover as the compiled bound reads it: points by option, rows by option, scaled to a limit of 1."""

    pointer: Ints
    indices: Ints
    weight: Floats
    own: Floats
    row_pointer: Ints
    row: Ints
    share: Floats
    least: Floats
    most: Floats
    group: Ints
    number: int
    shared: Ints
    size: Floats


class Prices(NamedTuple):
    """Where the descent stands.

    Prices now and at their best, of points and of rows; the direction; what is picked on average; and figures: the best bound, the
    length of steps as a share of the gap, steps without gain.
    """

    point: Floats
    row: Floats
    best_point: Floats
    best_row: Floats
    point_way: Floats
    row_way: Floats
    average: Floats
    figures: Floats


@dataclass(frozen=True, eq=False)
class Bound:
    """A proven upper bound and what it implies for each option.

    Parameters
    ----------
    value
        Upper bound on the people covered.
    zero, one
        Upper bound on the people covered by a selection with the option (`with_`) or without it (`without`), shape (n_options,).
    picked
        The options in the optimum of the relaxation, ascending.
    average
        Running average of the relaxation's optimum: approximates the linear program, 0 to 1.
    """

    value: float
    with_: Floats
    without: Floats
    picked: Ints
    average: Floats


def arrays(problem: CoverageProblem) -> Arrays:
    """Return `problem` as compiled code reads it."""
    covers, constraints = pattern(problem.covers), problem.constraints
    own, shared = direct_points(problem)
    number = np.full(len(problem.weight), -1, np.int64)
    number[shared] = np.arange(len(shared))
    shorter = with_points(covers, number, len(shared))
    limit, at = number_row(constraints)
    finite = np.where(
        np.isfinite(constraints.most) & (constraints.most > ROUNDING_TOLERANCE), constraints.most, 1.0
    )
    pointer, row, data = sorted_rows(constraints)
    group = exclusive_groups(constraints)
    alone = group < 0
    # groups are kept by the bound itself, so is the number of sites: their rows need no price
    priced = np.isfinite(constraints.most) & ~_kept_by_groups(constraints, group)
    if at >= 0:
        priced[at] = False
    group[alone] = constraints.rows.shape[0] + np.arange(alone.sum())
    _, group = np.unique(group, return_inverse=True)
    return Arrays(
        shorter.indptr.astype(np.int64),
        shorter.indices,
        problem.weight[shared],
        own,
        pointer,
        row,
        data / finite[row],
        np.where(constraints.least > 0, constraints.least / finite, 0.0),
        np.where(priced, constraints.most / finite, np.inf),
        group.astype(np.int64),
        limit,
        shared,
        finite,
    )


def number_row(constraints: SelectionConstraints) -> tuple[int, int]:
    """Return the most options that may be chosen, and the row that says so; all of them and -1 where no row counts all alike."""
    rows, n = constraints.rows, len(constraints)
    best, at = n, -1
    for r in np.flatnonzero(np.isfinite(constraints.most) & (np.diff(rows.indptr) == n)):
        data = rows.data[rows.indptr[r] : rows.indptr[r + 1]]
        if n and data[0] > 0 and (data == data[0]).all():
            most = int(np.floor(constraints.most[r] / data[0] + ROUNDING_TOLERANCE))
            if most < best or at < 0:
                best, at = min(best, most), int(r)
    return best, at


def _kept_by_groups(constraints: SelectionConstraints, group: Ints) -> Bools:
    """Return the rows that say no more than a group: all options with a coefficient of 1 are in it."""
    kept = np.zeros(constraints.rows.shape[0], bool)
    for r in np.unique(group[group >= 0]):
        members = constraints.rows.indices[constraints.rows.indptr[r] : constraints.rows.indptr[r + 1]]
        kept[r] = bool((group[members] == r).all())
    return kept


def first_prices(data: Arrays, given: tuple[Floats, Floats] | None = None) -> Prices:
    """Return prices to begin with: those given (of points, of one unit of each row), else half of each point's weight."""
    n, m, rows = len(data.own), len(data.weight), len(data.most)
    point, row = 0.5 * data.weight, np.zeros(rows)
    if given is not None:
        point = np.clip(given[0][data.shared], 0.0, data.weight)
        low, high = np.where(data.least > 0, -np.inf, 0.0), np.where(np.isfinite(data.most), np.inf, 0.0)
        row = np.clip(given[1] * data.size, low, high)
    figures = np.array([np.finfo(np.float64).max, FIRST_STEP if given is None else NEXT_STEP, 0.0])
    return Prices(point, row, point.copy(), row.copy(), np.zeros(m), np.zeros(rows), np.zeros(n), figures)


def given_prices(data: Arrays, prices: Prices, weight: Floats) -> tuple[Floats, Floats]:
    """Return the prices of all points of the problem (`weight`: those that need none are worth their weight) and of a unit of each row."""
    point = weight.copy()
    point[data.shared] = prices.best_point
    return point, prices.best_row / data.size


def descend(data: Arrays, prices: Prices, *, people: float, steps: int = CHUNK) -> None:
    """Let the bound fall for some steps towards `people`; `prices` are changed in place."""
    _descend(data, prices, people, steps)


def bound_of(data: Arrays, prices: Prices) -> Bound:
    """Return the bound at the best prices, computed afresh, and what it implies for each option."""
    value, score = _scores(data, prices.best_point, prices.best_row)
    picked, best, second, leaves, enters = _pick(data, score)
    inner = score[picked].sum()
    value += float(inner)
    chosen = np.zeros(len(score), bool)
    chosen[picked] = True
    group_picked = np.zeros(len(best), bool)
    group_picked[data.group[picked]] = True
    group = data.group
    loss_with = np.where(group_picked[group], np.where(best >= 0, score[best], 0.0)[group], leaves) - score
    loss_without = np.where(chosen, score - np.maximum(second[group], enters), 0.0)
    return Bound(value, value - loss_with, value - loss_without, np.sort(picked), prices.average.copy())


@compiled
def _scores(data: Arrays, point: Floats, row: Floats) -> tuple[float, Floats]:
    """Return the part of the bound that no option is in, and the score of each option."""
    constant = 0.0
    for k in range(len(point)):
        constant += data.weight[k] - point[k]
    for r in range(len(row)):
        if row[r] > 0.0:
            constant += row[r] * data.most[r]
        elif row[r] < 0.0:
            constant += row[r] * data.least[r]
    score = np.empty(len(data.own))
    for j in range(len(score)):
        s = 0.0
        for e in range(data.pointer[j], data.pointer[j + 1]):
            s += point[data.indices[e]]
        for e in range(data.row_pointer[j], data.row_pointer[j + 1]):
            s -= row[data.row[e]] * data.share[e]
        score[j] = s + data.own[j]
    return constant, score


@compiled
def _pick(data: Arrays, score: Floats) -> tuple[Ints, Ints, Floats, float, float]:
    """Return what is picked, and what it takes to change that.

    The options picked; the best of each group and the score of its second (0 at least); what an option must beat to enter (0 where there
    is room); what would replace one that leaves (0 at least).
    """
    groups = 0
    for j in range(len(score)):
        groups = max(groups, data.group[j] + 1)
    best, second = np.full(groups, -1, np.int64), np.zeros(groups)
    for j in range(len(score)):
        g = data.group[j]
        if best[g] < 0:
            best[g] = j
        elif score[j] > score[best[g]]:
            second[g] = max(0.0, score[best[g]])
            best[g] = j
        else:
            second[g] = max(second[g], score[j])
    value = np.empty(groups)
    for g in range(groups):
        value[g] = -score[best[g]]
    order = np.argsort(value, kind="mergesort")
    count = 0
    while count < groups and count < data.number and value[order[count]] < 0.0:
        count += 1
    picked = best[order[:count]]
    full = count == data.number
    leaves = -value[order[count - 1]] if full and count > 0 else (np.inf if full else 0.0)
    enters = max(0.0, -value[order[count]]) if full and count < groups else 0.0
    return picked, best, second, leaves, enters


@compiled
def _times(data: Arrays, picked: Ints, times: Floats, used: Floats) -> None:
    """Set how often each point is covered, less one, and the share of each row's limit that is used."""
    times[:] = -1.0
    used[:] = 0.0
    for j in picked:
        for e in range(data.pointer[j], data.pointer[j + 1]):
            times[data.indices[e]] += 1.0
        for e in range(data.row_pointer[j], data.row_pointer[j + 1]):
            used[data.row[e]] += data.share[e]


@compiled
def _points_turned(data: Arrays, prices: Prices, times: Floats) -> float:
    """Add the points' part of the direction; return its squared length, each point in its own measure: its weight."""
    size = 0.0
    for k in range(len(times)):
        at, way = prices.point[k], times[k]
        # a price at its limit that would leave it stays
        if (at >= data.weight[k] and way < 0.0) or (at <= 0.0 and way > 0.0):
            way = 0.0
        prices.point_way[k] = way + KEEP * prices.point_way[k]
        size += data.weight[k] * prices.point_way[k] ** 2
    return size


@compiled
def _rows_turned(data: Arrays, prices: Prices, used: Floats, scale: float) -> float:
    """Add the rows' part of the direction; return its squared length."""
    size = 0.0
    for r in range(len(used)):
        at, way = prices.row[r], 0.0
        if at > 0.0 or used[r] > data.most[r]:
            way = data.most[r] - used[r]
        elif at < 0.0 or used[r] < data.least[r]:
            way = data.least[r] - used[r]
        prices.row_way[r] = way + KEEP * prices.row_way[r]
        size += scale * prices.row_way[r] ** 2
    return size


@compiled
def _moved(data: Arrays, prices: Prices, step: float, scale: float) -> None:
    for k in range(len(prices.point)):
        to = prices.point[k] - step * data.weight[k] * prices.point_way[k]
        prices.point[k] = min(data.weight[k], max(0.0, to))
    for r in range(len(prices.row)):
        to = prices.row[r] - step * scale * prices.row_way[r]
        low = -np.inf if data.least[r] > 0.0 else 0.0
        high = np.inf if data.most[r] < np.inf else 0.0
        prices.row[r] = min(high, max(low, to))


@compiled
def _descend(data: Arrays, prices: Prices, people: float, steps: int) -> None:
    times, used = np.empty(len(data.weight)), np.empty(len(data.most))
    figures, scale = prices.figures, max(1.0, people)
    for _ in range(steps):
        value, score = _scores(data, prices.point, prices.row)
        picked = _pick(data, score)[0]
        for j in picked:
            value += score[j]
        prices.average[:] *= KEEP
        for j in picked:
            prices.average[j] += 1.0 - KEEP
        lead = value - people
        if value < figures[0]:
            figures[2] = 0.0 if figures[0] - value > LEAST_GAIN * abs(lead) else figures[2] + 1.0
            figures[0] = value
            prices.best_point[:] = prices.point
            prices.best_row[:] = prices.row
        else:
            figures[2] += 1.0
        if figures[2] >= PATIENCE:
            # back to the best prices, with shorter steps
            figures[2] = 0.0
            figures[1] *= SHORTER
            prices.point[:] = prices.best_point
            prices.row[:] = prices.best_row
            prices.point_way[:] = 0.0
            prices.row_way[:] = 0.0
            continue
        _times(data, picked, times, used)
        size = _points_turned(data, prices, times) + _rows_turned(data, prices, used, scale)
        if size <= 0.0 or lead <= 0.0:
            break
        _moved(data, prices, figures[1] * lead / size, scale)


#: Share of the options left that must be fixed for the residual problem to be rebuilt.
WORTH = 0.1


#: A descent ends early to rebuild the residual problem when this share is fixed.
PLENTY = 0.3


#: A descent ends when a chunk of steps closes less than this share of the gap.
SLOW = 0.01


#: Chunks of steps at most, at the root and at a node of the tree.
ROOT_CHUNKS, NODE_CHUNKS = 200, 10


#: Pairs of option and point up to which what is left goes to HiGHS: beyond it its linear programs take minutes.
SMALL = 100_000


#: Prices of all points, and of a unit of each row.
Given = tuple[Floats, Floats]


@dataclass
class Search:
    """The incumbent and the bound, in people of the merged cover.

    Parameters
    ----------
    problem
        The merged cover.
    control
        Search limits, progress callback and interrupt.
    base
        People covered by existing facilities, part of the reported progress.
    chosen, people
        The incumbent.
    bound
        Upper bound on the people covered.
    floor
        Upper bound on the selections excluded by variable fixing or by closing a node.
    others
        Upper bound on the open nodes, without the one in hand.
    nodes, stopped
        Nodes of the tree, those of HiGHS too, and why the search ended.
    step
        Sums come in this step; 0: any.
    """

    problem: CoverageProblem
    control: SearchControl
    base: float
    chosen: Ints
    people: float = 0.0
    bound: float = np.inf
    floor: float = 0.0
    others: float = 0.0
    nodes: int = 0
    stopped: Stopped = ""
    step: float = field(init=False)

    def __post_init__(self) -> None:
        self.step = quantum(self.problem.weight)
        self.bound = float(self.problem.weight.sum())
        self.better(self.chosen)

    def better(self, chosen: Ints) -> None:
        """Take a selection (positions in the merged cover) as the incumbent if it covers more."""
        covered = np.zeros(len(self.problem.weight), bool)
        covered[self.problem.covers[chosen].indices] = True
        people = float(self.problem.weight[covered].sum())
        if people > self.people:
            self.chosen, self.people = np.sort(chosen), people
            self.tell()

    def proven(self, rest_bound: float) -> None:
        """Take a bound on the node in hand; all others are bounded by `others` and `floor`."""
        bound = rounded(max(rest_bound, self.others, self.floor, self.people), self.step)
        if bound < self.bound:
            self.bound = max(bound, self.people)
            self.tell()

    def tell(self) -> None:
        """Report the progress."""
        self.control.listen(self.people + self.base, self.bound + self.base)

    @property
    def closed(self) -> bool:
        """Whether answer and bound meet."""
        lead = self.bound - self.people
        return lead <= PROOF * max(1.0, self.bound + self.base)

    @property
    def near(self) -> bool:
        """Whether the gap is within the tolerance of the search control."""
        return self.bound - self.people <= self.control.gap * (self.bound + self.base)

    def ends(self) -> bool:
        """Return whether to stop, and keep why: the proof, a gap that is small enough, the clock or an interrupt."""
        if self.closed:
            return True
        why = self.control.stopped()
        self.stopped = "gap" if self.near else "" if why == "nodes" else why
        return bool(self.stopped)

    def full(self) -> bool:
        """Return whether the tree has as many nodes as it may have."""
        if self.control.stopped(nodes=self.nodes) == "nodes":
            self.stopped = "nodes"
        return self.stopped == "nodes"


@dataclass(order=True, frozen=True)
class Node:
    """An open node, as positions in the merged cover: options left and taken; its bound is negated, so that the highest is first."""

    bound: float
    number: int
    left: Ints = field(compare=False)
    taken: Ints = field(compare=False)


@dataclass(frozen=True, eq=False)
class Part:
    """A node after its descent: residual problem, best prices, bound, branching option."""

    rest: Residual
    given: Given
    bound: float
    branch: int


def search(
    problem: CoverageProblem, first: Ints, *, base: float, control: SearchControl, drop_dominated: bool = True
) -> Search:
    """Branch and bound on a merged cover from a first selection, until the proof or a search limit.

    Parameters
    ----------
    problem
        As `merged` gives it.
    first
        A feasible selection.
    base
        People already covered.
    control
        Limits and listener.
    drop_dominated
        Whether dominated options are dropped.

    Returns
    -------
    search
        The best found and the bound proven.
    """
    state, tree = Search(problem, control, base, first), list[Node]()
    root = _explored(state, whole(problem, drop_dominated=drop_dominated), None)
    if root is not None and not state.full():
        _divided(state, root, tree)
    while root is not None and tree and not state.ends() and not state.full():
        node = heapq.heappop(tree)
        if -node.bound <= no_better(state.people, state.step):
            # no other part has a better bound
            state.floor = max(state.floor, -node.bound)
            tree.clear()
            break
        state.others = -tree[0].bound if tree else 0.0
        state.nodes += 1
        stays = np.isin(root.rest.options, np.r_[node.left, node.taken])
        rest = settled(root.rest, ~stays, np.isin(root.rest.options, node.taken))
        part = _explored(state, rest, _carried(root.given, rest))
        if part is not None:
            _divided(state, part, tree)
    if not tree and not state.stopped and not state.closed:
        # no node is left: what was excluded is no better
        state.others = 0.0
        state.proven(0.0)
        state.stopped = "" if state.closed else "gap"
    return state


def _divided(state: Search, part: Part, tree: list[Node]) -> None:
    """Give the residual problem of a node to HiGHS if it is small; else branch on an option."""
    rest = part.rest
    if rest.problem.covers.nnz <= SMALL:
        _close(state, rest)
        return
    option = rest.options[part.branch]
    left = np.delete(rest.options, part.branch)
    for side, taken in enumerate((np.r_[rest.taken, option], rest.taken)):
        heapq.heappush(tree, Node(-part.bound, 2 * state.nodes + side, left, taken))


def _explored(state: Search, rest: Residual, given: Given | None) -> Part | None:
    """Bound a node and fix options in it; None where nothing is left of it, or the search must stop."""
    chunks = ROOT_CHUNKS if given is None else NODE_CHUNKS
    while not lost(rest):
        if not len(rest.options):
            state.better(rest.taken)
            state.floor = max(state.floor, rest.base)
            return None
        given, found = _descended(state, rest, given, chunks)
        bound = rest.base + found.value
        if bound <= no_better(state.people, state.step):
            state.floor = max(state.floor, bound)
            return None
        if state.ends():
            return None
        smaller = _smaller(state, rest, found)
        if smaller is None:
            return Part(rest, given, bound, _branch(found))
        rest, given = smaller, _carried(given, smaller)
    return None


def _branch(found: Bound) -> int:
    """Return the option that the relaxation selects about half of the time; where there is none, the selected one of the largest loss."""
    half = found.average * (1.0 - found.average)
    if half.max() > 1e-3:
        return int(np.argmax(half))
    return int(found.picked[np.argmin(found.without[found.picked])]) if len(found.picked) else 0


def _descended(state: Search, rest: Residual, given: Given | None, chunks: int) -> tuple[Given, Bound]:
    """Lower the bound of a node until enough options are fixed or it stalls."""
    data = arrays(rest.problem)
    prices = first_prices(data, given)
    before = np.inf
    for chunk in range(chunks):
        descend(data, prices, people=state.people - rest.base)
        found = bound_of(data, prices)
        state.proven(rest.base + found.value)
        if chunk.bit_count() == 1 or chunk % 8 == 0:
            _tried(state, rest, found)
        if state.ends():
            break
        gap = rest.base + found.value - state.people
        out, taken = _against(state, rest, found)
        if (out | taken).mean() > PLENTY or before - gap < SLOW * gap:
            break
        before = gap
    return given_prices(data, prices, rest.problem.weight), found


def _tried(state: Search, rest: Residual, found: Bound) -> None:
    """Improve the incumbent from the relaxation's optimum."""
    for start in (found.picked, np.flatnonzero(found.average > 0.5)):
        order = start[np.argsort(-found.average[start], kind="stable")]
        one = greedy(rest.problem, start=order)
        if one.feasible:
            state.better(rest.back(swap(rest.problem, one.order, control=state.control)))


def _against(state: Search, rest: Residual, found: Bound) -> tuple[Bools, Bools]:
    """Return the options that no improving selection contains, and those that every one contains."""
    least = no_better(state.people, state.step) - rest.base
    out, taken = found.with_ <= least, found.without <= least
    best = rest.here(state.chosen)
    # the incumbent stays feasible, so that HiGHS can start from it
    out[best] = False
    taken[np.setdiff1d(np.arange(len(out)), best)] = False
    return out, taken


def _smaller(state: Search, rest: Residual, found: Bound) -> Residual | None:
    """Return the residual problem after variable fixing; None where it is hardly smaller."""
    out, taken = _against(state, rest, found)
    if (out | taken).sum() < WORTH * len(out):
        return None
    state.floor = max(state.floor, no_better(state.people, state.step))
    return settled(rest, out, taken)


def _carried(given: Given, smaller: Residual) -> Given:
    """Return the prices of the residual problem: prices of merged points are added up."""
    point, row = given
    stays = smaller.points >= 0
    here = np.bincount(
        smaller.points[stays], weights=point[stays], minlength=len(smaller.problem.weight)
    ).astype(np.float64)
    return here, row


def _close(state: Search, rest: Residual) -> None:
    """Let HiGHS close the residual problem of a node, or improve the incumbent."""
    start = greedy(rest.problem, start=rest.here(state.chosen))
    left = max(1.0, state.people - rest.base)

    def listen(cost: float, low: float) -> None:
        people, bound = max(state.people, rest.base - cost), max(rest.base - low, state.others, state.floor)
        state.control.listen(people + state.base, max(people, min(bound, state.bound)) + state.base)

    found = solve(
        cover_model(rest.problem),
        control=replace(
            state.control.after(state.nodes),
            # whole people: one less than one more is proof enough
            gap=max(state.control.gap, 0.5 * PROOF, 0.99 * state.step / left),
            listen=listen,
        ),
        start=start_of(rest.problem, start.order) if start.feasible else None,
    )
    state.nodes += found.nodes
    if found.x is not None:
        state.better(rest.back(np.flatnonzero(found.x[: len(rest.options)] > 0.5)))
    if found.state == "infeasible":
        return
    bound = rest.base - found.bound if np.isfinite(found.bound) else state.bound
    state.floor = max(state.floor, rounded(bound, state.step))
    if found.stopped not in ("", "gap"):
        state.stopped = found.stopped
    state.proven(0.0)


def first_choice(problem: CoverageProblem, *, control: SearchControl) -> Ints | Answer:
    """Return a feasible selection by greedy steps and exchanges, ascending; where there is none, an answer with the nearest one."""
    found = greedy(problem)
    if found.feasible:
        return swap(problem, found.order, control=control)
    alone = replace(control.silent(), nodes=None, gap=0.0)
    if not len(problem.constraints):  # HiGHS gives no verdict on a model of no columns
        return no_answer(*nearest(problem.constraints, control=alone))
    only = solve(_rows_alone(problem.constraints), control=alone)
    if only.x is None:
        if only.state == "infeasible":
            return no_answer(*nearest(problem.constraints, control=alone))
        note = Note.of("siting_cover_stopped", severity="error")
        return no_answer(note, status="none", stopped=only.stopped)
    allowed = np.flatnonzero(only.x > 0.5)
    return swap(problem, greedy(problem, start=allowed).order, control=control)


def _rows_alone(constraints: SelectionConstraints) -> Linear:
    """Return the model of the fewest and cheapest options that satisfy every constraint."""
    n = len(constraints)
    return Linear(
        cost=1.0 + constraints.cost / max(1.0, float(constraints.cost.max(initial=0.0))),
        low=np.zeros(n),
        high=np.ones(n),
        rows=constraints.rows,
        row_low=np.where(constraints.least > 0, constraints.least, -np.inf),
        row_high=constraints.most,
        whole=np.ones(n, bool),
    )


def max_cover(problem: CoverageProblem, *, control: SearchControl, merge: bool = True) -> Answer:
    """Return the selection that covers most people under the constraints.

    In the words of Church & ReVelle, with points already covered counted::

        max sum_k w_k y_k    y_k <= sum of x_j that cover k,  least <= rows x <= most,  x_j in {0, 1},  0 <= y_k <= 1

    Presolve merges points and drops dominated options; greedy selection and exchanges give an incumbent; Lagrangian prices give an upper
    bound and fix most options; the residual problem is branched on or given to HiGHS. Options that cover no further people are selected
    only where a constraint requires them.

    Parameters
    ----------
    problem
        Who is covered by which option. Options from a phase on have their points once for each phase.
    control
        Search limits, progress callback and interrupt. A limit of 0 nodes ends the search after the root's bound.
    merge
        False keeps dominated options: slower, with the same people covered.

    Returns
    -------
    answer
        One step, ``people``. Optimal only where answer and bound meet (`Step.gap`). Without an answer the notes name the constraints
        violated, and by how much.

    References
    ----------
    Church & ReVelle (1974), The maximal covering location problem, Papers of the Regional Science Association 32(1):101-118,
    https://doi.org/10.1007/BF01942293

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.solve.problems import SelectionConstraints
    >>> constraints = SelectionConstraints(np.ones(3), csr_array(np.ones((1, 3))), np.zeros(1), np.array([2.0]))
    >>> covers = csr_array(np.array([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]]))
    >>> cover = CoverageProblem(constraints, covers, np.array([2.0, 3.0, 3.0, 2.0]), np.zeros(4, bool), np.full(4, -1))
    >>> answer = max_cover(cover, control=SearchControl())
    >>> answer.status, answer.chosen, answer.objective
    ('optimal', array([1, 2]), 10.0)
    """
    small = merged(problem, drop_dominated=merge)
    first = first_choice(small.problem, control=control)
    if isinstance(first, Answer):
        return first
    found = search(small.problem, first, base=small.base, control=control, drop_dominated=merge)
    chosen = small.back(_needed(small.problem, found.chosen))
    steps = (Step("people", "max", found.people + small.base, found.bound + small.base),)
    recount = problem.people_covered(chosen)
    return ended(chosen, steps, recount, stopped=found.stopped, nodes=found.nodes)


def _needed(problem: CoverageProblem, chosen: Ints) -> Ints:
    """Return the selection without redundant options that no constraint requires, the dearest tried first."""
    times = np.bincount(problem.covers[chosen].indices, minlength=len(problem.weight))
    has = problem.constraints.rows[:, chosen].sum(axis=1)
    columns = problem.constraints.rows.tocsc()
    stays = set(chosen.tolist())
    for j in chosen[np.lexsort((-chosen, -problem.constraints.cost[chosen]))]:
        column = columns[:, [j]].toarray().ravel()
        here = np.unique(entries_of(problem.covers, j)[0])
        if (times[here] > 1).all() and (
            has - column >= np.where(column > 0, problem.constraints.least, 0.0) - ROUNDING_TOLERANCE
        ).all():
            stays.discard(int(j))
            times[here] -= 1
            has = has - column
    return np.array(sorted(stays), np.int64)


#: Each number is searched to this gap, and through this many nodes at most: a curve is looked at, an answer is proven.
GAP, NODES = 0.005, 1


def cover_curve(
    problem: CoverageProblem, sites: Sequence[int], *, control: SearchControl
) -> tuple[Floats, Floats]:
    """Return the people covered and a bound for each number of sites: quick, each to a small gap and not to the proof.

    Parameters
    ----------
    problem
        Who is covered by which option; its rows without the number of sites, which is added here.
    sites
        Numbers of options, >= 0, in any order.
    control
        After a stop the rest of the curve is what is known by then.

    Returns
    -------
    people, bound
        In the order of `sites`, both with those already covered. Neither falls as the number grows: what fewer sites cover more
        do, and what bounds more bounds fewer. NaN and inf where no selection is feasible (or none was found before the stop).

    Examples
    --------
    >>> constraints = SelectionConstraints(np.ones(3), csr_array((0, 3)), np.empty(0), np.empty(0))
    >>> covers = csr_array(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]]))
    >>> cover = CoverageProblem(constraints, covers, np.array([3.0, 4.0, 5.0]), np.zeros(3, bool), np.full(3, -1))
    >>> cover_curve(cover, [0, 1, 2], control=SearchControl())
    (array([ 0.,  9., 12.]), array([ 0.,  9., 12.]))
    """
    small = merged(_numbered(problem, len(problem.constraints)))
    people, bound = np.full(len(sites), np.nan), np.full(len(sites), float(small.problem.weight.sum()))
    order = np.argsort(np.asarray(sites), kind="stable")
    chosen = np.empty(0, np.int64)
    for i in order:
        if control.stopped() not in ("", "nodes"):
            break
        now = _with_number(small.problem, int(sites[i]))
        first = _first(now, chosen, control)
        if first is None:
            continue
        brief = replace(control.silent(), gap=max(GAP, control.gap), nodes=NODES)
        found = search(now, first, base=small.base, control=brief)
        chosen, people[i], bound[i] = found.chosen, found.people, found.bound
    # more sites cover no less, fewer no more
    people[order] = np.fmax.accumulate(people[order])
    bound[order] = np.minimum.accumulate(bound[order][::-1])[::-1]
    # sums in another order differ by rounding
    bound = np.where(np.isnan(people), np.inf, np.fmax(bound, people))
    return people + small.base, bound + small.base


def _numbered(problem: CoverageProblem, number: int) -> CoverageProblem:
    """Return the problem with a last row that limits the number of options."""
    constraints, n = problem.constraints, len(problem.constraints)
    rows = csr_array(vstack([constraints.rows, csr_array(np.ones((1, n)))]))
    more = SelectionConstraints(
        constraints.cost, rows, np.r_[constraints.least, 0.0], np.r_[constraints.most, float(number)]
    )
    return replace(problem, constraints=more)


def _with_number(problem: CoverageProblem, number: int) -> CoverageProblem:
    most = problem.constraints.most.copy()
    most[-1] = number
    return replace(problem, constraints=replace(problem.constraints, most=most))


def _first(problem: CoverageProblem, before: Ints, control: SearchControl) -> Ints | None:
    """Return the better of two selections after exchanges: one from scratch, one from the selection of fewer sites."""
    found = [one for one in (greedy(problem), greedy(problem, start=before)) if one.feasible]
    if not found:
        return None
    swapped = [swap(problem, one.order, control=control) for one in found]
    return max(swapped, key=problem.people_covered)
