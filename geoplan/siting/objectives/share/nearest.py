"""What is nearest where the choice does not let the shares be reached: the fewest people missing."""

import numpy as np
from scipy.sparse import block_array, csr_array

from geoplan.siting.objectives.cover.start import nearest
from geoplan.siting.objectives.share.model import groups, identity, weighted
from geoplan.siting.objectives.share.open import Needs, covered_points, missing, opened, short
from geoplan.siting.problems import CoverageProblem
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.words.errors import Note


def nearest_within(problem: CoverageProblem, needs: Needs, *, control: SearchControl) -> tuple[Note, ...]:
    """Return the note that says how near to `needs` the choice can come: people missing, zones short.

    People missing are summed over all needs: of all people, and of each zone. Where the rows contradict one another, the notes name
    them instead.
    """
    nothing = Needs(-np.inf, np.full(len(needs.zone), -np.inf))
    left = missing(problem, needs)
    question = opened(problem, nothing)
    member, asks = groups(question, left)
    constraints, n, k, g = problem.constraints, len(problem.constraints), len(question.weight), len(asks)
    # u of each need is met, at most the need and at most the people covered
    rows = block_array(
        [
            [
                csr_array(constraints.rows),
                csr_array((constraints.rows.shape[0], k)),
                csr_array((constraints.rows.shape[0], g)),
            ],
            [csr_array(question.covers.T), -identity(k), csr_array((k, g))],
            [csr_array((g, n)), weighted(member, question.weight), -identity(g)],
        ]
    )
    linear = Linear(
        np.concatenate([np.zeros(n + k), -np.ones(g)]),
        np.zeros(n + k + g),
        np.concatenate([question.possible.astype(float), np.ones(k), asks]),
        csr_array(rows),
        np.concatenate([constraints.least, np.zeros(k + g)]),
        np.concatenate([constraints.most, np.full(k + g, np.inf)]),
        np.concatenate([np.ones(n, bool), np.zeros(k + g, bool)]),
    )
    tree = solve(linear, control=control)
    if tree.state == "infeasible":
        return nearest(constraints, control=control)
    if tree.x is None:
        return (Note.of("siting_share_nearest_unknown", severity="error"),)
    covered = covered_points(problem, np.flatnonzero(tree.x[:n] > 0.5))
    total, zones = short(problem, needs, covered)
    lacks = missing(problem, needs)
    note = Note.of(
        "siting_share_not_within",
        severity="error",
        people=f"{max(0.0, float(asks.sum()) + tree.objective):,.0f}",
        least=f"{max(0.0, float(asks.sum()) + tree.bound):,.0f}",
        zones=int(zones.sum()),
        asked=int((lacks.zone > 0).sum()) + int(total and not zones.any()),
    )
    return (note,)
