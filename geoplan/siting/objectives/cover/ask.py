"""Maximal covering: most people in the circle, and the gain curve."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from geoplan.siting.inputs import SitingInputs, coverage_problem, near_groups
from geoplan.siting.objective import NODES, Objective
from geoplan.siting.objectives.cover.solve import cover_curve, max_cover
from geoplan.siting.options import options_of
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult, coverage_result
from geoplan.siting.solve.control import SearchControl
from geoplan.tables import CURVE

#: The gain curve runs to at most so many sites where the question does not say how many.
CURVE_SITES = 60


class MaximalCovering(Objective):
    """Most people in the circle."""

    name = "cover"
    keeps_apart = True
    most_nodes = NODES

    def handles(self, question: Question) -> bool:
        """Return whether it answers `question`: the total counts, not how it is spread between communities."""
        return question.ask == "cover" and question.fair == "total"

    def aim(self, question: Question) -> str:
        """Return the code of what is counted: with phases, people are summed over them."""
        return "siting_aim_cover_phased" if question.is_phased else "siting_aim_cover"

    def answer(self, inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
        """Answer a question of coverage."""
        found = coverage_result(inputs, question, partial(max_cover, control=control), unit="people")
        problem = coverage_problem(inputs, question, found.eligible, found.options)
        return replace(
            found,
            before=problem.people_covered(np.empty(0, np.int64)),
            curve=_curve(inputs, found, control),
        )


def _curve(inputs: SitingInputs, found: SitingResult, control: SearchControl) -> pd.DataFrame:
    """Return the gain curve: incumbent and upper bound with 0, 1, 2 … sites in the last phase, whatever they cost (`tables.CURVE`)."""
    question, use = found.question, found.eligible.use
    asked = question.phases[-1].sites
    most = question.curve if question.curve is not None else min(CURVE_SITES, 2 * (asked or CURVE_SITES // 2))
    most = min(most, int(use.sum()))
    if most == 0 or control.interrupted.is_set():
        return found.curve
    single = question.changed(phases=[question.phases[-1].changed(sites=None, budget=None)])
    apart = near_groups(inputs, single, found.eligible)
    options = options_of(inputs.candidates, use, single.phases, apart=apart)
    problem = coverage_problem(inputs, single, found.eligible, options)
    sites = list(range(most + 1))
    objective, bound = cover_curve(problem, sites, control=control)
    reached = problem.people_covered(np.arange(len(options.candidate)))
    return pd.DataFrame(
        {
            "question": question.name,
            "sites": sites,
            "objective": objective,
            "bound": bound,
            "share": objective / max(reached, 1e-12),
        }
    )[list(CURVE)]
