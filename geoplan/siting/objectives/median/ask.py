"""The p-median: least walking, all people summed."""

from functools import partial

from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objective import NODES, Objective
from geoplan.siting.objectives.median.solve import median
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult, walking_result
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import DistanceProblem, Floats


class Median(Objective):
    """Least mean walk."""

    name = "median"
    keeps_apart = True
    most_nodes = NODES

    def answer(self, inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
        """Answer a question of least walking."""
        return walking_result(inputs, question, partial(median, control=control), before=_mean_walk)


def _mean_walk(problem: DistanceProblem, seconds: Floats) -> tuple[float, float]:
    return float(problem.weight @ seconds), 60.0 * max(float(problem.weight.sum()), 1e-12)
