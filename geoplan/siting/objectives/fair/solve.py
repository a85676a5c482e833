"""Fairness between zones: the worst-off zone first, or the least spread of shares.

References
----------
Rawls (1971), A Theory of Justice (the worst-off first)
Marsh & Schilling (1994), European Journal of Operational Research 74(1):1-17, https://doi.org/10.1016/0377-2217(94)90200-3
(measures of equity in siting; the mean absolute difference from the mean among them)
"""

from dataclasses import replace

import numpy as np

from geoplan.coverage.circle import TOLERANCE_SHARE
from geoplan.siting.objectives.cover.solve import max_cover, people_covered
from geoplan.siting.objectives.cover.start import nearest
from geoplan.siting.objectives.fair.level import Ladder, highest_level, shares_of
from geoplan.siting.objectives.fair.part import highest_part, share_of_part
from geoplan.siting.objectives.fair.people import most_people
from geoplan.siting.objectives.fair.spread import Spread, least, spread_of
from geoplan.siting.objectives.share.open import (
    Needs,
    covered_points,
    missing,
    possible_options,
    zone_shares,
    zone_sums,
)
from geoplan.siting.problems import Answer, Bools, CoverageProblem, Ints, Step, Stopped, no_answer, status_of
from geoplan.siting.solve.control import SearchControl
from geoplan.words.errors import Note

__all__ = ["helpable", "least_spread", "spread", "worst_off", "worst_part", "zone_shares"]


def helpable(problem: CoverageProblem) -> Bools:
    """Return which zones some possible option helps: it covers people there whom nothing covers yet; shape (n_zones,).

    Zones without people are False.
    """
    reached = covered_points(problem, np.flatnonzero(possible_options(problem.constraints)))
    return zone_sums(problem, reached & ~problem.covered_by_existing) > 0


def least_share(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the least share covered of the zones that are compared: those that can be helped, or all with people where none can.

    Raises
    ------
    ValueError
        If no zone has people.
    """
    shares, compared = zone_shares(problem, chosen), _compared(problem)
    if not compared.any():
        raise ValueError("no zone has people: there is no worst-off one")
    return float(shares[compared].min())


def spread(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the mean absolute difference between a zone's share covered and the share of all zones together.

    Zones weigh by their people; points in no zone do not count::

        sum_z W_z / W * |C_z / W_z - C / W|

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(1), csr_array((0, 1)), np.empty(0), np.empty(0))
    >>> problem = CoverageProblem(free, csr_array([[1.0, 0]]), np.array([30.0, 10]), np.zeros(2, bool), np.array([0, 1]))
    >>> spread(problem, np.array([0]))  # 30/40 * |1 - 0.75| + 10/40 * |0 - 0.75|
    0.375
    """
    return spread_of(problem, chosen)


def worst_off(problem: CoverageProblem, *, control: SearchControl, merge: bool = True) -> Answer:
    """Return the choice whose worst-off zone has the highest share covered and, of those, the one that covers most people.

    Zones that no option helps are not compared; a note says how many of them stay below the worst-off one (see `helpable`).

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    control
        Limits of the search.
    merge
        False solves the problem as given.

    Returns
    -------
    answer
        Steps ``worst_share`` (0-1) and ``people``.

    Raises
    ------
    ValueError
        If no zone has people.
    """
    compared = _compared(problem)
    if not compared.any():
        raise ValueError("no zone has people: there is no worst-off one")
    ladder = highest_level(problem, compared, control=control, merge=merge)
    if ladder.chosen is None:
        if ladder.stopped:
            return no_answer(status="none", stopped=ladder.stopped)
        return no_answer(*nearest(problem.constraints, control=control))
    people = _people_at(problem, compared, ladder, control=control, merge=merge)
    chosen, nodes, stopped = people.chosen, ladder.nodes + people.nodes, ladder.stopped or people.stopped
    share = least_share(problem, chosen)
    steps = (Step("worst_share", "max", share, max(share, ladder.bound)), people.steps[0])
    return _answer(problem, chosen, steps, share, nodes=nodes, stopped=stopped, notes=_said(problem, share))


def worst_part(
    problem: CoverageProblem, *, worst_share: float = 0.1, control: SearchControl, merge: bool = True
) -> Answer:
    """Return the choice with the highest mean share covered of the worst-off `worst_share` of the people and, of those, most people.

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
        Limits of the search.
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
    compared = _compared(problem)
    if not compared.any():
        raise ValueError("no zone has people: there is no worst-off part")
    top = max_cover(problem, control=control, merge=merge)
    if not top.steps:
        return top
    rest = _rest(control, top.nodes)
    found = highest_part(problem, compared, top.chosen, part=worst_share, control=rest, merge=merge)
    chosen = np.sort(found.chosen)
    share = share_of_part(problem, compared, chosen, part=worst_share)
    people = people_covered(problem, chosen)
    steps = (
        Step("worst_part_share", "max", share, max(share, found.bound)),
        Step("people", "max", people, max(people, min(top.bound, found.people_bound))),
    )
    nodes, stopped = top.nodes + found.nodes, found.stopped or top.stopped
    return _answer(problem, chosen, steps, share, nodes=nodes, stopped=stopped, notes=())


def least_spread(
    problem: CoverageProblem, *, min_total_share: float = 0.95, control: SearchControl, merge: bool = True
) -> Answer:
    """Return the choice with the least spread of shares among those that cover nearly as many people as can be.

    Parameters
    ----------
    problem
        Who is covered by which option, and in which zone.
    min_total_share
        Part of the most people that any choice covers (what exists among them) that the answer has to cover, 0-1.
    control
        Limits of the search.
    merge
        False solves the problem as given.

    Returns
    -------
    answer
        Steps ``spread`` (see `spread`, 0-1) and ``people``.

    Raises
    ------
    ValueError
        If `min_total_share` is not within 0-1, or no zone has people.
    """
    if not 0.0 <= min_total_share <= 1.0:
        raise ValueError(f"the part to keep must be within 0-1; got {min_total_share}")
    if not (zone_sums(problem, np.ones(len(problem.weight), bool)) > 0).any():
        raise ValueError("no zone has people: there is no spread between zones")
    top = max_cover(problem, control=control, merge=merge)
    if not top.steps:
        return top
    floor = min_total_share * people_covered(problem, top.chosen)
    rest = _rest(control, top.nodes)
    found: Spread = least(problem, top, floor=floor, control=rest, merge=merge)
    value = spread_of(problem, found.chosen)
    people = people_covered(problem, found.chosen)
    steps = (
        Step("spread", "min", value, min(value, found.bound)),
        Step("people", "max", people, max(people, min(top.bound, found.people_bound))),
    )
    nodes, stopped = top.nodes + found.nodes, found.stopped or top.stopped
    return _answer(problem, found.chosen, steps, value, nodes=nodes, stopped=stopped, notes=())


def _answer(
    problem: CoverageProblem,
    chosen: Ints,
    steps: tuple[Step, ...],
    recount: float,
    *,
    nodes: int,
    stopped: Stopped,
    notes: tuple[Note, ...],
) -> Answer:
    if not problem.constraints.allows(chosen):
        raise RuntimeError("a choice that a search returned is not allowed")
    status = status_of(steps)
    stopped = "" if status == "optimal" else stopped or "gap"
    return Answer(
        status, chosen, steps, recount, stopped, nodes, stopped not in ("clock", "interrupt"), notes
    )


def _compared(problem: CoverageProblem) -> Bools:
    helped = helpable(problem)
    return helped if helped.any() else zone_sums(problem, np.ones(len(problem.weight), bool)) > 0


def _said(problem: CoverageProblem, share: float) -> tuple[Note, ...]:
    today = least_share(problem, np.empty(0, np.int64))
    if share > today + TOLERANCE_SHARE or today >= 1.0 - TOLERANCE_SHARE:
        return _left_out(problem, share)
    zones = _compared(problem) & (shares_of(problem, np.empty(0, np.int64)) <= today + TOLERANCE_SHARE)
    unmoved = Note.of("siting_fair_unmoved", share=f"{today:.1%}", zones=int(zones.sum()))
    return (unmoved, *_left_out(problem, share))


def _left_out(problem: CoverageProblem, share: float) -> tuple[Note, ...]:
    # nothing changes the share of a zone that cannot be helped
    below = ~_compared(problem) & (shares_of(problem, np.empty(0, np.int64)) < share)
    if not below.any():
        return ()
    return (Note.of("siting_fair_left_out", severity="info", zones=int(below.sum())),)


def _people_at(
    problem: CoverageProblem, compared: Bools, ladder: Ladder, *, control: SearchControl, merge: bool
) -> Answer:
    assert ladder.chosen is not None  # noqa: S101 - the caller looked
    rest = _rest(control, ladder.nodes)
    people = zone_sums(problem, np.ones(len(problem.weight), bool))
    floor = least_share(problem, ladder.chosen)
    needs = Needs(-np.inf, np.where(compared, floor * people, -np.inf))
    if (missing(problem, needs).zone <= 0).all():
        # the worst-off zone cannot be lifted: no choice lets it sink either
        plain = max_cover(problem, control=rest, merge=merge)
        if plain.steps:
            return plain
    return most_people(problem, needs, ladder.chosen, control=rest, merge=merge)


def _rest(control: SearchControl, nodes: int) -> SearchControl:
    return control if control.nodes is None else replace(control, nodes=max(0, control.nodes - nodes))
