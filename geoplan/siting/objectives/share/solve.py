"""Fewest (or cheapest) sites that cover a share of all people, or of each zone's people: set covering, whole or partial.

With ``x`` = 1 where an option is chosen and ``y`` = 1 where a point is covered::

    min sum_j c_j x_j    sum_i w_i y_i >= share * W    sum_{i in z} w_i y_i >= each * W_z    y_i <= sum_j a_ji x_j

A greedy answer is the start, a linear program the bound; options whose reduced cost shows that no better answer holds them leave;
branch and bound settles the rest.

References
----------
Toregas, Swain, ReVelle & Bergman (1971), Operations Research 19(6):1363-1373, https://doi.org/10.1287/opre.19.6.1363 (set covering)
Daskin & Owen (1999), Geographical Analysis 31(3):217-235, https://doi.org/10.1111/j.1538-4632.1999.tb00980.x (partial set covering)
"""

from dataclasses import replace

import numpy as np

from geoplan.siting.objectives.share.nearest import nearest_within
from geoplan.siting.objectives.share.open import (
    Needs,
    asked,
    covered_points,
    hair,
    missing,
    opened,
    reachable,
    short,
    zone_shares,
)
from geoplan.siting.objectives.share.search import Found, cheapest
from geoplan.siting.problems import Answer, CoverageProblem, Floats, Ints, Step, no_answer, status_of
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.presolve import merged
from geoplan.words.errors import Note

__all__ = ["fewest", "reachable_shares", "zone_shares"]


def reachable_shares(problem: CoverageProblem) -> tuple[float, Floats]:
    """Return the share of all people, and of each zone's, that what exists and all options together cover.

    Options that a row rules out on their own do not count; rows that limit several options together are left aside.

    Returns
    -------
    total, by_zone
        0-1; `by_zone` has shape (n_zones,), NaN for zones without people. `total` is NaN without people.
    """
    within = reachable(problem)
    people = asked(problem, share=1.0, min_share_per_community=1.0)
    total = within.total / people.total if people.total > 0 else np.nan
    by_zone = np.divide(
        within.zone, people.zone, out=np.full(len(people.zone), np.nan), where=people.zone > 0
    )
    return total, by_zone


def fewest(
    problem: CoverageProblem,
    *,
    share: float | None = None,
    min_share_per_community: float | None = None,
    control: SearchControl,
    merge: bool = True,
    as_far_as_possible: bool = True,
) -> Answer:
    """Return the cheapest options that cover `share` of all people and `each` of every zone's people.

    Parameters
    ----------
    problem
        Who is covered by which option; a cost of 1 each counts sites.
    share
        Part of all people to be covered, 0-1, those that what exists covers among them; None: not asked.
    min_share_per_community
        Part of each zone's people to be covered, 0-1; None: not asked. Zones without people ask nothing.
    control
        Limits of the search.
    merge
        False solves the problem as given, nothing merged or dropped beforehand.
    as_far_as_possible
        True lowers a share that all options together cannot reach to what they reach, zone by zone, with a note. False gives no
        answer then.

    Returns
    -------
    answer
        One step, ``cost``. ``infeasible`` where the shares are out of reach, or the choice does not let them be reached; the note
        says what is nearest (see `reachable_shares`).

    Raises
    ------
    ValueError
        If neither share is asked, or one is not within 0-1.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from geoplan.siting.problems import SelectionConstraints
    >>> free = SelectionConstraints(np.ones(3), csr_array((0, 3)), np.empty(0), np.empty(0))
    >>> covers = csr_array([[1.0, 1, 0], [0, 1, 1], [0, 0, 1]])
    >>> people = CoverageProblem(free, covers, np.array([10.0, 30, 60]), np.zeros(3, bool), np.zeros(3, int))
    >>> fewest(people, share=0.9, control=SearchControl()).chosen.tolist(), fewest(people, share=1, control=SearchControl()).chosen.tolist()
    ([1], [0, 1])
    """
    _check(share, min_share_per_community)
    needs = asked(problem, share=share, min_share_per_community=min_share_per_community)
    within = reachable(problem)
    rounding = hair(problem)
    total_short = within.total < needs.total - rounding.total
    zones_short = within.zone < needs.zone - rounding.zone
    notes = _beyond_reach(
        problem, needs, within, share=share, min_share_per_community=min_share_per_community
    )
    if notes and not as_far_as_possible:
        return no_answer(*(replace(note, severity="error") for note in notes))
    needs = Needs(
        within.total if total_short else needs.total, np.where(zones_short, within.zone, needs.zone)
    )
    found = _searched(problem, needs, control=control, merge=merge)
    if found.chosen is None:
        if found.state != "infeasible":
            return no_answer(*notes, status="none", stopped=found.stopped)
        return no_answer(*notes, *nearest_within(problem, needs, control=control))
    if not meets(problem, found.chosen, needs):
        raise RuntimeError("a choice that a search returned misses what was asked")
    objective = recount(problem, found.chosen)
    step = Step("cost", "min", objective, min(objective, found.bound))
    return Answer(
        status_of((step,)),
        found.chosen,
        (step,),
        objective,
        found.stopped if step.gap else "",
        found.nodes,
        found.stopped not in ("clock", "interrupt") or not step.gap,
        tuple(notes),
    )


def recount(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the cost of `chosen`, summed from the choice as given."""
    return float(np.sum(problem.constraints.cost[chosen]))


def meets(problem: CoverageProblem, chosen: Ints, needs: Needs) -> bool:
    """Return whether `chosen` may be chosen and meet `needs`, counted on the problem as given."""
    total, zones = short(problem, needs, covered_points(problem, chosen))
    return problem.constraints.allows(chosen) and not total and not zones.any()


def _searched(problem: CoverageProblem, needs: Needs, *, control: SearchControl, merge: bool) -> Found:
    left = missing(problem, needs)
    if not merge:
        return cheapest(opened(problem, left), control=control)
    # zones without a need of their own do not keep points apart
    small = merged(problem, by_zone=bool((left.zone > 0).any()), drop_dominated=True)
    found = cheapest(opened(small.problem, left), control=control)
    return found if found.chosen is None else replace(found, chosen=small.back(found.chosen))


def _check(share: float | None, min_share_per_community: float | None) -> None:
    if share is None and min_share_per_community is None:
        raise ValueError("a share of all people or of each zone's people must be asked")
    for part in (share, min_share_per_community):
        if part is not None and not 0.0 <= part <= 1.0:
            raise ValueError(f"a share must be within 0-1; got {part}")


def _beyond_reach(
    problem: CoverageProblem,
    needs: Needs,
    within: Needs,
    *,
    share: float | None,
    min_share_per_community: float | None,
) -> list[Note]:
    rounding = hair(problem)
    notes = []
    if share is not None and within.total < needs.total - rounding.total:
        reached = within.total / float(problem.weight.sum())
        notes.append(Note.of("siting_share_beyond", asked=f"{share:.1%}", reached=f"{reached:.1%}"))
    zones_short = within.zone < needs.zone - rounding.zone
    if min_share_per_community is not None and zones_short.any():
        people = asked(problem, share=None, min_share_per_community=1.0).zone
        notes.append(
            Note.of(
                "siting_zones_beyond",
                asked=f"{min_share_per_community:.1%}",
                short=int(zones_short.sum()),
                zones=int((people > 0).sum()),
            )
        )
    return notes
