"""The result of a question: a solver's answer with the order of opening, the gain of each site and the zones that stay unmet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage.circle import in_circle
from geoplan.siting.inputs import (
    EligibleCandidates,
    SitingInputs,
    coverage_problem,
    distance_problem,
    eligible,
    near_groups,
)
from geoplan.siting.opening import Opening, opening_by_people, opening_by_walking
from geoplan.siting.options import Options, options_of
from geoplan.siting.question import Question
from geoplan.siting.solve.problems import (
    Answer,
    Bools,
    CoverageProblem,
    DistanceProblem,
    Floats,
    Ints,
    Step,
)
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE
from geoplan.tables import CURVE, UNMET


@dataclass(frozen=True, eq=False)
class SitingResult:
    """The answer to a question, with the tables that are made of it.

    Parameters
    ----------
    question, eligible, options, answer
        What was asked, the candidates considered, the options, and the selection with its proof.
    unit
        Unit of the aim: people, sites, cost, share, minutes, beds, places, m2.
    opening
        Order of opening, with gains in `gain_unit`.
    gain_unit
        people, person_minutes, beds, places, m2 or share.
    aim
        Code of the words that say what the objective counts, where it is not that of the question.
    per
        Divisor that converts the objective to `unit`.
    before
        The aim without any site, in `unit`; NaN where it has none.
    seconds
        Time that the answer took.
    curve, unmet
        `tables.CURVE` and `tables.UNMET`.
    amounts
        By candidate_id, what each site adds: ``size, unit, beds, places, floor_area_m2, cost, cost_from``; None where the question
        has no sizes.
    inside
        By service, the people whose walk is within its minutes under the answer, in the last phase; None where the model counts no walks.
    serves
        By candidate_id, the zones that each site serves under the answer; None: those of whose people enough walk to it.
    """

    question: Question
    eligible: EligibleCandidates
    options: Options
    answer: Answer
    unit: str
    opening: Opening
    gain_unit: str
    aim: str = ""
    per: float = 1.0
    before: float = np.nan
    seconds: float = 0.0
    curve: pd.DataFrame = field(default_factory=CURVE.empty)
    unmet: pd.DataFrame = field(default_factory=UNMET.empty)
    amounts: pd.DataFrame | None = None
    inside: Mapping[str, float] | None = None
    serves: Mapping[str, tuple[str, ...]] | None = None

    def first_step(self) -> Step | None:
        """Return the first aim of the answer in the unit that is printed; None without an answer."""
        if not self.answer.steps:
            return None
        step = self.answer.steps[0]
        # proven: objective and bound differ by rounding only
        bound = step.objective if step.gap == 0.0 and step.given_up == 0.0 else step.bound
        return replace(step, objective=step.objective / self.per, bound=bound / self.per)


def coverage_result(
    inputs: SitingInputs,
    question: Question,
    solve: Callable[[CoverageProblem], Answer],
    *,
    unit: str,
    minimise: str = "sites",
) -> SitingResult:
    """Return the result of an objective that counts people covered.

    Parameters
    ----------
    solve
        Answers the problem in arrays.
    unit
        Unit of the aim.
    minimise
        What the cost of an option counts: ``sites`` (1 each), or ``cost``.
    """
    candidates = eligible(inputs, question, costed=question.spends or minimise == "cost")
    apart = near_groups(inputs, question, candidates)
    options = options_of(inputs.candidates, candidates.use, question.phases, minimise=minimise, apart=apart)
    answer = solve(coverage_problem(inputs, question, candidates, options))
    last = coverage_problem(inputs, question.last_phase(), candidates, options.at_the_end())
    covered, could = last.covered(answer.chosen), last.covered(np.arange(len(options.candidate)))
    return SitingResult(
        question,
        candidates,
        options,
        answer,
        unit,
        opening_by_people(last, options.by_phase(answer.chosen, len(question.phases))),
        "people",
        unmet=_unmet(inputs, question, last, outside=~covered, out_of_reach=~could),
        inside=_by_service(question, last.weight * covered),
    )


def walking_result(
    inputs: SitingInputs,
    question: Question,
    solve: Callable[[DistanceProblem], Answer],
    *,
    before: Callable[[DistanceProblem, Floats], tuple[float, float]],
) -> SitingResult:
    """Return the result of an objective that counts minutes of walking.

    Parameters
    ----------
    solve
        Answers the problem in arrays.
    before
        Given the problem and the walk of each point without any site, shape (n_points,), seconds: the aim, and its divisor to minutes.
    """
    candidates = eligible(inputs, question, costed=question.spends)
    apart = near_groups(inputs, question, candidates)
    options = options_of(inputs.candidates, candidates.use, question.phases, apart=apart)
    problem = distance_problem(inputs, question, candidates, options)
    answer = solve(problem)
    last = distance_problem(inputs, question.last_phase(), candidates, options.at_the_end())
    opening = opening_by_walking(last, options.by_phase(answer.chosen, len(question.phases)))
    today, per = before(problem, problem.seconds_with(np.empty(0, np.int64)))
    could = np.isfinite(last.existing_seconds)
    could[last.seconds.indices] = True
    walks = last.seconds_with(answer.chosen)
    outside = walks >= last.cutoff_seconds
    minutes = [question.minutes(inputs.services[service]) for service in question.services]
    blocks = zip(np.split(walks, len(minutes)), minutes, strict=True)
    near = np.concatenate([in_circle(block, walk_minutes=limit) for block, limit in blocks])
    near &= last.reached(answer.chosen)
    return SitingResult(
        question,
        candidates,
        options,
        answer,
        "minutes",
        opening.divided(60.0),
        "person_minutes",
        per=per,
        before=today / per,
        unmet=_unmet(inputs, question, last, outside=outside, out_of_reach=~could, allowed=0.0),
        inside=_by_service(question, last.weight * near),
    )


def _by_service(question: Question, people: Floats) -> dict[str, float]:
    """Return the sums of the people of each service's block of points, shape (n_services * n_points,)."""
    blocks = np.split(people, len(question.services))
    return {service: float(block.sum()) for service, block in zip(question.services, blocks, strict=True)}


def _unmet(
    inputs: SitingInputs,
    question: Question,
    last: CoverageProblem | DistanceProblem,
    *,
    outside: Bools,
    out_of_reach: Bools,
    allowed: float | None = None,
) -> pd.DataFrame:
    """Return the zones in which more than a share of the people stays outside, and why (`tables.UNMET`).

    Parameters
    ----------
    last
        The problem in its last phase: one block of points a service.
    outside, out_of_reach
        Points that stay outside, and those that no candidate can bring inside, shape (n_points,).
    allowed
        Share of a zone's people that may stay outside; None: the service's flag share.
    """
    names, limit = inputs.zone_id, question.limit_reached("none")
    rows: list[dict[str, Any]] = []
    for number, service in enumerate(question.services):
        zone: Ints = last.zone - number * len(names)
        inside = (zone >= 0) & (zone < len(names))
        people, left, never = (
            np.bincount(zone[inside], weights=(last.weight * some)[inside], minlength=len(names))
            for some in (np.ones(len(zone)), outside, outside & out_of_reach)
        )
        most = (inputs.services[service].flag_share if allowed is None else allowed) * people
        for place in np.flatnonzero(left > most + ROUNDING_TOLERANCE):
            why = limit
            if never[place] > most[place] + ROUNDING_TOLERANCE:
                why = "too_far" if never[place] < left[place] - ROUNDING_TOLERANCE else "no_candidate"
            rows.append({"zone_id": str(names[int(place)]), "gap": left[place], "why": why})
    table = pd.DataFrame(rows, columns=["zone_id", "gap", "why"])
    return table.assign(question=question.name, phase=float(question.phases[-1].by), unit="people")[
        list(UNMET)
    ]
