"""The p-center: least farthest walk."""

from dataclasses import replace

import numpy as np

from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objective import NODES, Objective
from geoplan.siting.objectives.center.solve import center, within_reach
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult, walking_result
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import Answer, DistanceProblem, Floats
from geoplan.words.errors import Note


class Center(Objective):
    """Least farthest walk of the people whom some candidate brings nearer."""

    name = "center"
    keeps_apart = True
    most_nodes = NODES

    def answer(self, inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
        """Answer a question of the farthest walk."""

        def solve(problem: DistanceProblem) -> Answer:
            improvable, notes = _improvable(problem, question)
            found = center(improvable, control=control)
            return replace(found, notes=(*notes, *found.notes))

        def farthest(problem: DistanceProblem, seconds: Floats) -> tuple[float, float]:
            counted = within_reach(_improvable(problem, question)[0])
            return float(seconds[counted].max(initial=0.0)), 60.0

        return walking_result(inputs, question, solve, before=farthest)


def _improvable(problem: DistanceProblem, question: Question) -> tuple[DistanceProblem, tuple[Note, ...]]:
    """Return the problem of the people whom some candidate brings nearer; the walk of all others is fixed.

    With them the farthest fixed walk would be the objective, and every selection as good as none.
    """
    nearer = np.zeros(len(problem.weight), dtype=bool)
    column = problem.seconds.indices
    today = np.minimum(problem.existing_seconds, problem.cutoff_seconds)
    nearer[column[problem.seconds.data < today[column]]] = True
    fixed = ~nearer & (problem.weight > 0) & np.isfinite(problem.existing_seconds)
    if not fixed.any() or not (nearer & (problem.weight > 0)).any():
        return problem, ()
    note = Note.of(
        "siting_center_fixed",
        question=question.name,
        people=f"{problem.weight[fixed].sum() / len(question.phases):,.0f}",
        minutes=f"{problem.existing_seconds[fixed].max() / 60:.1f}",
        severity="info",
    )
    return replace(problem, weight=np.where(fixed, 0.0, problem.weight)), (note,)
