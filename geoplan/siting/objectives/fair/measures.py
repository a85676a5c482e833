"""Measures of fairness between zones: the share of the worst-off zone, and which zones are compared.

References
----------
Rawls (1971), A Theory of Justice (the worst-off first)
Marsh & Schilling (1994), European Journal of Operational Research 74(1):1-17, https://doi.org/10.1016/0377-2217(94)90200-3
(measures of equity in siting; the mean absolute difference from the mean among them)
"""

import numpy as np

from geoplan.siting.solve.problems import (
    Answer,
    Bools,
    CoverageProblem,
    Ints,
    Step,
    Stopped,
    status_of,
)
from geoplan.siting.solve.set_cover import (
    zone_shares,
    zone_sums,
)
from geoplan.words.errors import Note


def helpable(problem: CoverageProblem) -> Bools:
    """Return the zones in which some usable option covers further people, shape (n_zones,).

    Zones without people are False.
    """
    reached = problem.covered(np.flatnonzero(problem.constraints.usable()))
    return zone_sums(problem, reached & ~problem.covered_by_existing) > 0


def least_share(problem: CoverageProblem, chosen: Ints) -> float:
    """Return the least share covered of the compared zones (see `compared_zones`).

    Raises
    ------
    ValueError
        If no zone has people.
    """
    shares, compared = zone_shares(problem, chosen), compared_zones(problem)
    if not compared.any():
        raise ValueError("no zone has people: there is no worst-off one")
    return float(shares[compared].min())


def fair_answer(
    problem: CoverageProblem,
    chosen: Ints,
    steps: tuple[Step, ...],
    recount: float,
    *,
    nodes: int,
    stopped: Stopped,
    notes: tuple[Note, ...],
) -> Answer:
    """Return the answer of a fair objective with what its steps prove.

    Raises
    ------
    RuntimeError
        If the search returned a selection that the constraints refuse.
    """
    if not problem.constraints.allows(chosen):
        raise RuntimeError("a choice that a search returned is not allowed")
    status = status_of(steps)
    stopped = "" if status == "optimal" else stopped or "gap"
    return Answer(
        status, chosen, steps, recount, stopped, nodes, stopped not in ("clock", "interrupt"), notes
    )


def compared_zones(problem: CoverageProblem) -> Bools:
    """Return the zones that are compared: those that some option helps; all with people where none can be helped."""
    helped = helpable(problem)
    return helped if helped.any() else zone_sums(problem, np.ones(len(problem.weight), bool)) > 0
