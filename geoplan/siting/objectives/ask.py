"""From a question to its answer: the problem in arrays, the model that answers it, the order of opening, what stays open."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.siting.inputs import SitingInputs, coverage_problem, distance_problem
from geoplan.siting.objectives.center.solve import center
from geoplan.siting.objectives.cover.curve import cover_curve
from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.objectives.fair.solve import least_spread, worst_off, worst_part
from geoplan.siting.objectives.median.solve import median, walks_of
from geoplan.siting.objectives.share.solve import fewest
from geoplan.siting.opening import Opening, opening_by_people, opening_by_walking
from geoplan.siting.options import Options, options_of
from geoplan.siting.problems import Answer, CoverageProblem, DistanceProblem, Floats, Ints, Step
from geoplan.siting.question import EligibleCandidates, Question, eligible
from geoplan.siting.solve.control import SearchControl
from geoplan.tables import CURVE, UNMET
from geoplan.words.errors import Note

#: The gain curve runs to at most so many sites where the question does not say how many.
CURVE_SITES = 60


@dataclass(frozen=True, eq=False)
class SitingResult:
    """An answer with what is told of it.

    Parameters
    ----------
    unit
        Unit of the aim: people, sites, cost, minutes, beds, places, m2.
    per
        What the objective is divided by to be in `unit`.
    before
        The aim without any site, in `unit`; NaN where it has none.
    opening
        Order of opening, gains in `gain_unit`.
    amounts
        By candidate_id, what each site adds: ``size, unit, beds, places, floor_area_m2, cost, cost_from``; empty where the question
        has no sizes.
    serves
        By candidate_id, zones that it serves under the answer; None: those of whose people enough walk to it.
    """

    question: Question
    eligible: EligibleCandidates
    options: Options
    answer: Answer
    unit: str
    per: float
    before: float
    opening: Opening
    gain_unit: str
    seconds: float
    curve: pd.DataFrame = field(default_factory=CURVE.empty)
    unmet: pd.DataFrame = field(default_factory=UNMET.empty)
    amounts: pd.DataFrame | None = None
    serves: Mapping[str, tuple[str, ...]] | None = None


def ask(inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
    """Answer a question of coverage or walking (all but ``capacity`` and ``sizes``).

    Parameters
    ----------
    inputs
        People, candidates, walks.
    question
        What is asked.
    control
        Limits of the search, its listener, and the flag that ends it.
    """
    started = time.perf_counter()
    eligibility = eligible(
        inputs.candidates,
        question,
        services=inputs.services,
        on_network=inputs.on_network,
        source=inputs.source.tolist(),
    )
    # only the fewest or cheapest sites count their cost; elsewhere it may be unknown
    least = question.minimise if question.ask == "share" else "sites"
    options = options_of(inputs.candidates, eligibility.use, question.phases, least=least)
    asked = _walking if question.ask in ("median", "center") else _coverage
    found = asked(inputs, question, eligibility, options, control)
    answer = replace(
        found.answer, notes=(*found.answer.notes, *limits_named(found.answer, question, options))
    )
    return replace(found, answer=answer, seconds=time.perf_counter() - started)


#: So many limits are named where no choice keeps them all.
LIMITS_NAMED = 12


def limits_named(answer: Answer, question: Question, options: Options) -> tuple[Note, ...]:
    """Return what the numbered limits are where no choice keeps them all."""
    if answer.status != "infeasible" or not options.limits:
        return ()
    zh, en = (
        "；".join(f"{n}. {said[at]}" for n, said in enumerate(options.limits[:LIMITS_NAMED], start=1))
        + ("…" if len(options.limits) > LIMITS_NAMED else "")
        for at in (0, 1)
    )
    note = Note.of("siting_limits_named", question=question.name, limits_zh=zh, limits_en=en)
    return (note,)


def _coverage(
    inputs: SitingInputs,
    question: Question,
    eligibility: EligibleCandidates,
    options: Options,
    control: SearchControl,
) -> SitingResult:
    problem = coverage_problem(inputs, question, eligibility, options)
    answer = _solve_cover(problem, question, control)
    last = _last_phase(inputs, question, eligibility, options)
    opening = opening_by_people(last, _groups(answer, options, question))
    unit = {"sites": "sites", "cost": "cost"}[question.minimise] if question.ask == "share" else "people"
    before = float(problem.weight[problem.covered_by_existing].sum()) if question.ask == "cover" else np.nan
    if question.ask == "cover" and question.fair != "total":
        unit, before = "share", np.nan
    return SitingResult(
        question,
        eligibility,
        options,
        answer,
        unit,
        1.0,
        before,
        opening,
        "people",
        0.0,
        curve=_curve(inputs, question, eligibility, control),
        unmet=_uncovered(inputs, question, last, answer),
    )


def _solve_cover(problem: CoverageProblem, question: Question, control: SearchControl) -> Answer:
    if question.ask == "share":
        return fewest(
            problem,
            share=question.share,
            min_share_per_community=question.min_share_per_community,
            control=control,
        )
    if question.fair == "worst_off":
        return worst_off(problem, control=control)
    if question.fair == "worst_part":
        return worst_part(problem, worst_share=question.worst_share, control=control)
    if question.fair == "least_spread":
        return least_spread(problem, min_total_share=question.min_total_share, control=control)
    return max_cover(problem, control=control)


def _walking(
    inputs: SitingInputs,
    question: Question,
    eligibility: EligibleCandidates,
    options: Options,
    control: SearchControl,
) -> SitingResult:
    problem = distance_problem(inputs, question, eligibility, options)
    notes: tuple[Note, ...] = ()
    if question.ask == "center":
        problem, notes = _improvable(problem, question)
    solver: Callable[..., Answer] = median if question.ask == "median" else center
    answer = solver(problem, control=control)
    answer = replace(answer, notes=(*notes, *answer.notes))
    single = replace(question, phases=question.phases[-1:])
    last = distance_problem(inputs, single, eligibility, _at_the_end(options))
    opening = opening_by_walking(last, _groups(answer, options, question))
    people = float(problem.weight.sum())
    nothing = walks_of(problem, np.empty(0, np.int64))
    reachable = _reachable(problem)
    farthest = float(nothing[reachable].max(initial=0.0))
    before, per = (
        (float(problem.weight @ nothing), 60.0 * max(people, 1e-12))
        if question.ask == "median"
        else (farthest, 60.0)
    )
    return SitingResult(
        question,
        eligibility,
        options,
        answer,
        "minutes",
        per,
        before / per,
        replace(
            opening,
            gain=opening.gain / 60.0,
            marginal=opening.marginal / 60.0,
            total=opening.total / 60.0,
        ),
        "person_minutes",
        0.0,
        unmet=_out_of_reach(inputs, question, last, answer),
    )


def _improvable(problem: DistanceProblem, question: Question) -> tuple[DistanceProblem, tuple[Note, ...]]:
    """Return a center problem of the people whom some candidate brings nearer; the walk of all others stays as it is, whatever opens.

    Left in, the farthest of them would be the answer, and every choice as good as none.
    """
    nearer = np.zeros(len(problem.weight), dtype=bool)
    column = problem.seconds.indices
    nearer[
        column[problem.seconds.data < np.minimum(problem.existing_seconds, problem.cutoff_seconds)[column]]
    ] = True
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


def _reachable(problem: DistanceProblem) -> np.ndarray:
    found = np.isfinite(problem.existing_seconds) & (problem.existing_seconds <= problem.cutoff_seconds)
    found[problem.seconds.indices] = True
    return np.asarray(found & (problem.weight > 0))


def _at_the_end(options: Options) -> Options:
    """Return the same options as if all phases were one."""
    return Options(options.candidate, np.zeros_like(options.phase), options.constraints)


def _last_phase(
    inputs: SitingInputs, question: Question, eligibility: EligibleCandidates, options: Options
) -> CoverageProblem:
    single = replace(question, phases=question.phases[-1:])
    return coverage_problem(inputs, single, eligibility, _at_the_end(options))


def _groups(answer: Answer, options: Options, question: Question) -> list[Ints]:
    return [answer.chosen[options.phase[answer.chosen] == number] for number in range(len(question.phases))]


def _curve(
    inputs: SitingInputs, question: Question, eligibility: EligibleCandidates, control: SearchControl
) -> pd.DataFrame:
    """Return the gain curve: the best found with 0, 1, 2 … sites and what no choice can better, in the last phase, money apart."""
    asked = question.phases[-1].sites
    most = question.curve if question.curve is not None else min(CURVE_SITES, 2 * (asked or CURVE_SITES // 2))
    most = min(most, int(eligibility.use.sum()))
    if question.ask != "cover" or question.fair != "total" or most == 0 or control.interrupted.is_set():
        return CURVE.empty()
    single = replace(question, phases=(replace(question.phases[-1], sites=None, budget=None),))
    options = options_of(inputs.candidates, eligibility.use, single.phases)
    problem = coverage_problem(inputs, single, eligibility, options)
    sites = range(most + 1)
    objective, bound = cover_curve(problem, list(sites), control=control)
    reached = problem.covered_by_existing.copy()
    reached[problem.covers.indices] = True
    return pd.DataFrame(
        {
            "question": question.name,
            "sites": list(sites),
            "objective": objective,
            "bound": bound,
            "share": objective / max(float(problem.weight[reached].sum()), 1e-12),
        }
    )[list(CURVE)]


def _uncovered(
    inputs: SitingInputs, question: Question, last: CoverageProblem, answer: Answer
) -> pd.DataFrame:
    """Return the zones that still have more people outside the circle than the service's flag share, and why."""
    covered = last.covered_by_existing.copy()
    for option in answer.chosen:
        covered[last.covers.indices[last.covers.indptr[option] : last.covers.indptr[option + 1]]] = True
    could = last.covered_by_existing.copy()
    could[last.covers.indices] = True
    return _left(inputs, question, last.weight, ~covered, ~could, last.zone)


def _out_of_reach(
    inputs: SitingInputs, question: Question, last: DistanceProblem, answer: Answer
) -> pd.DataFrame:
    """Return the zones with people who reach nothing within `reach_minutes`, and why."""
    walked = walks_of(last, answer.chosen)
    none = walked >= last.cutoff_seconds
    could = np.isfinite(last.existing_seconds)
    could[last.seconds.indices] = True
    return _left(inputs, question, last.weight, none, ~could, last.zone, least=0.0)


def _left(
    inputs: SitingInputs,
    question: Question,
    weight: Floats,
    outside: np.ndarray,
    hopeless: np.ndarray,
    zone: Ints,
    *,
    least: float | None = None,
) -> pd.DataFrame:
    names = inputs.zone_id
    last = question.phases[-1]
    limit = "budget" if last.budget is not None else "sites" if last.sites is not None else "none"
    rows: list[dict[str, Any]] = []
    for number, service in enumerate(question.services):
        here = zone - number * len(names)
        mine = (here >= 0) & (here < len(names))
        sums = [
            np.bincount(here[mine], weights=(weight * part)[mine], minlength=len(names))
            for part in (np.ones(len(weight)), outside, outside & hopeless)
        ]
        allowed = inputs.services[service].flag_share if least is None else least
        for place in np.flatnonzero(sums[1] > allowed * sums[0] + 1e-9):
            never = sums[2][place] > allowed * sums[0][place] + 1e-9
            why = (
                ("too_far" if sums[2][place] < sums[1][place] - 1e-9 else "no_candidate") if never else limit
            )
            rows.append({"zone_id": str(names[int(place)]), "gap": sums[1][place], "why": why})
    table = pd.DataFrame(rows, columns=["zone_id", "gap", "why"])
    filled = table.assign(question=question.name, phase=float(question.phases[-1].by), unit="people")
    return filled[list(UNMET)]


def first_step(answer: Answer, per: float) -> Step | None:
    """Return the first aim of an answer in the unit that is printed; None without an answer."""
    if not answer.steps:
        return None
    step = answer.steps[0]
    bound = step.objective if step.gap == 0.0 else step.bound  # proven: what is between them is rounding
    return replace(step, objective=step.objective / per, bound=bound / per)
