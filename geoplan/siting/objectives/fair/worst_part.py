"""The highest mean share among the worst-off part of the people: the worst-off first where one zone alone cannot be the measure.

With ``W_z`` people of the compared zones, ``s_z`` their shares covered and ``b`` the part of the people, the mean share of the worst-off is::

    max_t  t - 1 / (b * sum_z W_z) * sum_z W_z * max(0, t - s_z)

References
----------
Ogryczak & Zawadzki (2002), Annals of Operations Research 110:167-181, https://doi.org/10.1023/A:1020723818980 (conditional median)
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import block_array, coo_array, csr_array, vstack

from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.objectives.fair.exchange import exchanged
from geoplan.siting.objectives.fair.measures import compared_zones, fair_answer
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, Solved, solve
from geoplan.siting.solve.presolve import merged
from geoplan.siting.solve.problems import Answer, Bools, CoverageProblem, Floats, Ints, Step, Stopped
from geoplan.siting.solve.set_cover import (
    Needs,
    ResidualCover,
    identity,
    residual_cover,
    with_bounds,
    zone_shares,
    zone_sums,
)
from geoplan.siting.solve.tolerance import PROOF


@dataclass(frozen=True, eq=False)
class Part:
    """The selection found, an upper bound on the mean share of the worst-off, one on the people covered among choices as good."""

    chosen: Ints
    bound: float
    people_bound: float
    nodes: int
    stopped: Stopped


@dataclass(frozen=True, eq=False)
class _Built:
    problem: CoverageProblem
    compared: Bools
    part: float
    question: ResidualCover
    linear: Linear
    options: Ints

    def value(self, chosen: Ints) -> float:
        """Return the mean share of the worst-off with options of the question chosen."""
        return share_of_part(self.problem, self.compared, self.options[chosen], part=self.part)

    def people(self, chosen: Ints) -> float:
        """Return the people covered with options of the question chosen."""
        return float(self.problem.weight[self.problem.covered(self.options[chosen])].sum())


def share_of_part(problem: CoverageProblem, compared: Bools, chosen: Ints, *, part: float) -> float:
    """Return the mean share covered of the worst-off `part` of the people of `compared` zones; a zone may count in part."""
    shares = zone_shares(problem, chosen)[compared]
    people = zone_sums(problem, np.ones(len(problem.weight), bool))[compared]
    order = np.argsort(shares, kind="stable")
    counted = part * people.sum()
    before = np.cumsum(people[order]) - people[order]
    inside = np.clip(counted - before, 0.0, people[order])
    return float((inside * shares[order]).sum() / counted)


def highest_part(
    problem: CoverageProblem,
    compared: Bools,
    start: Ints,
    *,
    part: float,
    control: SearchControl,
    merge: bool,
) -> Part:
    """Return the selection with the highest mean share of the worst-off `part`, and most people among those.

    Parameters
    ----------
    problem
        As given.
    compared
        Zones that count, shape (n_zones,); each has people.
    start
        An initial selection.
    part, control, merge
        As in `fair.worst_part`.
    """
    small = merged(problem, by_zone=True, drop_dominated=True) if merge else None
    base, options = (
        (problem, np.arange(len(problem.constraints))) if small is None else (small.problem, small.options)
    )
    nothing = Needs(-np.inf, np.full(len(compared), -np.inf))
    question = residual_cover(base, nothing, fix=False)
    have = zone_sums(problem, problem.covered_by_existing)
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
    linear = _linear(question, compared, have, people, part)
    built = _Built(problem, compared, part, question, linear, options)
    begin = np.flatnonzero(np.isin(options, start))
    loose = solve(linear, control=control, relax=True, method="ipm")
    if loose.state != "optimal" or loose.x is None:
        reason: Stopped = control.stopped() or loose.stopped or "gap"
        return Part(start, 1.0, np.inf, 0, reason)
    best = _started(built, begin, have, people, float(loose.x[-1]), control=control)
    if best is None or built.value(best) < share_of_part(problem, compared, start, part=part):
        best = begin if problem.constraints.allows(options[begin]) else None
    return _branched(built, best, start, loose, control=control)


def _started(
    built: _Built, begin: Ints, have: Floats, people: Floats, level: float, *, control: SearchControl
) -> Ints | None:
    # with the level t held, people count up to it in every compared zone: exchanges, for levels about that of the linear program
    best = None
    if not built.problem.constraints.allows(built.options[begin]):
        return None
    for factor in (1.0, 0.75, 1.25):
        cap = np.where(built.compared, min(1.0, factor * level) * people, 0.0)
        chosen = exchanged(built.question, begin, control=control, base=have, people=people, cap=cap)
        if best is None or built.value(chosen) > built.value(best):
            best = chosen
    return best


def _branched(
    built: _Built, best: Ints | None, start: Ints, loose: Solved, *, control: SearchControl
) -> Part:
    n = len(built.question.constraints)
    bound, linear, first = -loose.objective, built.linear, None
    if best is not None:
        control.listen(built.value(best), bound)
        spare = bound - built.value(best) + PROOF
        if loose.reduced is not None:
            out, into = loose.reduced[:n] > spare, -loose.reduced[:n] > spare
            linear = with_bounds(linear, out=out, into=into)
        first = _filled(built, best)
    tree = solve(linear, control=_reported(control), start=first)
    if tree.x is not None:
        bound = min(bound, -tree.bound)
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if best is None or built.value(chosen) > built.value(best):
            best = chosen
    if best is None:
        return Part(start, bound, np.inf, tree.nodes, tree.stopped or "gap")
    if bound - built.value(best) > PROOF:
        return Part(built.options[best], bound, np.inf, tree.nodes, tree.stopped or "gap")
    return _most_people(built, best, bound, tree.nodes, control=control)


def _most_people(built: _Built, best: Ints, bound: float, nodes: int, *, control: SearchControl) -> Part:
    """Return the selection with the same mean share that covers most people."""
    n, k = len(built.question.constraints), len(built.question.weight)
    linear, value = built.linear, built.value(best)
    cost = np.zeros(len(linear.cost))
    cost[n : n + k] = -built.question.weight
    held = replace(
        linear,
        cost=cost,
        rows=csr_array(vstack([linear.rows, csr_array(-linear.cost[None, :])])),
        row_low=np.append(linear.row_low, value - PROOF),
        row_high=np.append(linear.row_high, np.inf),
    )
    rest = control.after(nodes)
    tree = solve(held, control=rest.silent(), start=_filled(built, best))
    given = float(built.problem.weight[built.problem.covered_by_existing].sum())
    if tree.x is not None:
        chosen = np.flatnonzero(tree.x[:n] > 0.5)
        if built.value(chosen) >= value - 2 * PROOF and built.people(chosen) > built.people(best):
            best = chosen
    return Part(built.options[best], bound, given - tree.bound, nodes + tree.nodes, tree.stopped)


def _linear(question: ResidualCover, compared: Bools, have: Floats, people: Floats, part: float) -> Linear:
    # columns: options, points, what each compared zone lacks of the level (as a share), the level
    zones, constraints = np.flatnonzero(compared), question.constraints
    n, k, z = len(constraints), len(question.weight), len(zones)
    number = np.full(len(compared) + 1, -1)
    number[zones] = np.arange(z)
    inside = np.flatnonzero(number[question.zone] >= 0)
    of_zone = number[question.zone[inside]]
    share = question.weight[inside] / people[zones][of_zone]
    counts = csr_array(coo_array((share, (of_zone, inside)), shape=(z, k)))
    rows = block_array(
        [
            [csr_array(constraints.rows), None, None, csr_array((constraints.rows.shape[0], 1))],
            [csr_array(question.covers.T), -identity(k), None, None],
            [None, counts, identity(z), csr_array(-np.ones((z, 1)))],
        ]
    )
    weight = people[zones] / (part * people[zones].sum())
    return Linear(
        np.concatenate([np.zeros(n + k), weight, [-1.0]]),
        np.zeros(n + k + z + 1),
        np.concatenate([question.possible.astype(float), np.ones(k + z + 1)]),
        csr_array(rows),
        np.concatenate([constraints.least, np.zeros(k), -have[zones] / people[zones]]),
        np.concatenate([constraints.most, np.full(k + z, np.inf)]),
        np.concatenate([np.ones(n, bool), np.zeros(k + z + 1, bool)]),
    )


def _filled(built: _Built, chosen: Ints) -> Floats:
    """Return the values of all columns where `chosen` are chosen; the level is the share of the last zone that counts."""
    picked = np.zeros(len(built.options))
    picked[chosen] = 1.0
    shares = zone_shares(built.problem, built.options[chosen])[built.compared]
    people = zone_sums(built.problem, np.ones(len(built.problem.weight), bool))[built.compared]
    order = np.argsort(shares, kind="stable")
    last = min(
        int(np.searchsorted(np.cumsum(people[order]), built.part * people.sum() * (1 - 1e-12))),
        len(order) - 1,
    )
    level = shares[order[last]]
    covered = np.minimum(1.0, built.question.covers.T @ picked)
    return np.concatenate([picked, covered, np.maximum(0.0, level - shares), [level]])


def _reported(control: SearchControl) -> SearchControl:
    def listen(objective: float, bound: float) -> None:
        control.listen(-objective, -bound)

    return control.heard_as(listen)


def worst_part(
    problem: CoverageProblem, *, worst_share: float = 0.1, control: SearchControl, merge: bool = True
) -> Answer:
    """Return the selection with the highest mean share covered of the worst-off `worst_share` of the people and, of those, most people.

    Zones are ordered by their shares; the first of them that hold `worst_share` of the people of all compared zones are averaged. It is the
    measure where `worst_off` says nothing: when more zones have nothing than sites may be chosen, or when a zone can be helped by a
    little only. ``worst_share=1`` is the share of all compared zones together.

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    worst_share
        Part of the people of the compared zones (see `helpable`), 0 < worst_share <= 1.
    control
        Search limits, progress callback and interrupt.
    merge
        False solves the problem as given.

    Returns
    -------
    answer
        Steps ``worst_part_share`` (0-1) and ``people``.

    Raises
    ------
    ValueError
        If `worst_share` is not within 0-1 or 0, or no zone has people.
    """
    if not 0.0 < worst_share <= 1.0:
        raise ValueError(f"the part of the people must be above 0 and at most 1; got {worst_share}")
    compared = compared_zones(problem)
    if not compared.any():
        raise ValueError("no zone has people: there is no worst-off part")
    top = max_cover(problem, control=control, merge=merge)
    if not top.steps:
        return top
    rest = control.after(top.nodes)
    found = highest_part(problem, compared, top.chosen, part=worst_share, control=rest, merge=merge)
    chosen = np.sort(found.chosen)
    share = share_of_part(problem, compared, chosen, part=worst_share)
    people = problem.people_covered(chosen)
    steps = (
        Step("worst_part_share", "max", share, max(share, found.bound)),
        Step("people", "max", people, max(people, min(top.bound, found.people_bound))),
    )
    nodes, stopped = top.nodes + found.nodes, found.stopped or top.stopped
    return fair_answer(problem, chosen, steps, share, nodes=nodes, stopped=stopped, notes=())
