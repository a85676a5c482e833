"""Capacitated covering: most need met when each bed or place is given out once, then least walking."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from geoplan.coverage.fair_flow import Flow
from geoplan.siting.candidates import HELD, most_held
from geoplan.siting.inputs import EligibleCandidates, SitingInputs, eligible, left_out, near_groups
from geoplan.siting.objective import NODES, Objective
from geoplan.siting.objectives.capacity.problem import Capacity, beds_of, met_rates, recount
from geoplan.siting.objectives.capacity.solve import Giving, median_capacity
from geoplan.siting.opening import Opening, in_order
from geoplan.siting.options import Options, options_of
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import Answer, Bools, Floats, Ints, status_of
from geoplan.tables import UNMET, NeedRate, Service
from geoplan.words.errors import Note, StudyError


class CapacitatedCovering(Objective):
    """Most need met, each bed or place allocated once."""

    name = "capacity"
    keeps_apart = True
    most_nodes = NODES

    def conflicts(self, question: Question) -> tuple[str, str] | None:
        """Return what excludes the other: a bed is of one service."""
        return ("`services` × 2", "`ask: capacity`") if len(question.services) > 1 else None

    def unmet_terms(self, question: Question, services: Mapping[str, Service]) -> Note | None:
        """Return that the service states no rate of need, or one of a supply that no candidate states."""
        service = question.services[0]
        need = services[service].need
        if need is None:
            return Note.of("siting_no_need", question=question.name, service=service, severity="error")
        if need.supply not in HELD:
            known = ", ".join(HELD)
            return Note.of(
                "siting_need_of", question=question.name, supply=need.supply, known=known, severity="error"
            )
        return None

    def answer(self, inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
        """Answer a question of capacities: first most need met within the circle, then least walking.

        Beds of existing facilities count by the least that the registers allow, and are allocated again. With phases the last is answered
        first, with all of its limits; each earlier one then selects among its sites.

        Raises
        ------
        StudyError
            See `unmet_terms`.
        """
        terms = self.unmet_terms(question, inputs.services)
        need = inputs.services[question.services[0]].need
        if terms is not None:
            raise StudyError(terms)
        assert need is not None  # noqa: S101 - `unmet_terms` says so
        asked = question.changed(services=question.services[:1])
        service = asked.services[0]
        candidates = eligible(inputs, asked, costed=asked.spends)
        capacity, unknown = _capacity(inputs, question, need, candidates)
        notes = (
            [left_out("candidate_size_unknown", inputs.candidates[unknown], question)]
            if unknown.any()
            else []
        )
        use = candidates.use & ~unknown
        minutes = question.minutes(inputs.services[service])
        wanted = inputs.people(need.group) * need.per_1000 / 1000.0
        existing, doubtful = _existing(inputs, service, need.supply, minutes)
        if doubtful:
            notes.append(Note.of("siting_beds_doubtful", question=question.name, count=doubtful))

        def problem_of(options: Options) -> Capacity:
            return Capacity(
                options.constraints,
                inputs.walks(service, minutes)[options.candidate],
                wanted,
                capacity[options.candidate],
                *existing,
                cutoff_seconds=60.0 * minutes + 1e-5,
            )

        apart = near_groups(inputs, asked, replace(candidates, use=use))
        solve = partial(median_capacity, tolerance=asked.tolerance, control=control)
        found, phase = _phased(inputs, asked, use, apart, lambda options: solve(problem_of(options)))
        everything = options_of(inputs.candidates, use, asked.phases[-1:], apart=apart)
        last = problem_of(everything)
        opening = _opening(last, [found.chosen[phase[found.chosen] == t] for t in range(len(asked.phases))])
        order = np.arange(len(opening.option))
        options = Options(everything.candidate[opening.option], phase[opening.option], everything.constraints)
        unit = need.unit
        return SitingResult(
            asked,
            candidates,
            options,
            replace(found, chosen=order, notes=(*found.notes, *notes)),
            unit,
            replace(opening, option=order),
            unit,
            before=recount(last, np.empty(0, np.int64)),
            unmet=_unmet(inputs, asked, unit, last, found.chosen),
            amounts=_amounts(inputs, need, options.candidate, capacity),
        )


def _capacity(
    inputs: SitingInputs, question: Question, need: NeedRate, eligibility: EligibleCandidates
) -> tuple[Floats, Bools]:
    """Return the beds of each candidate, and the candidates in use whose beds are unknown."""
    own = most_held(question, need.supply, inputs.candidates)
    limit = np.inf if question.largest is None else question.largest
    capacity = np.minimum(np.where(np.isnan(own), limit, own), limit)
    unknown = eligibility.use & ~np.isfinite(capacity)
    return np.where(np.isfinite(capacity), capacity, 0.0), np.asarray(unknown, dtype=bool)


def _existing(
    inputs: SitingInputs, service: str, supply: str, minutes: float
) -> tuple[tuple[csr_array, Floats], int]:
    """Return the walks to what exists, its beds (the least that the registers allow), and how many are not certain."""
    ids, walks = inputs.walks_to_existing(service, minutes)
    kinds = inputs.services[service].facilities
    mine = inputs.supplies[inputs.supplies["service"].isin(kinds) & (inputs.supplies["supply"] == supply)]
    beds = mine.groupby("facility_id")[["low", "high"]].sum().reindex(ids, fill_value=0.0)
    doubtful = int((beds["high"] > beds["low"]).sum())
    return (walks, beds["low"].to_numpy(dtype=np.float64)), doubtful


def _phased(
    inputs: SitingInputs,
    question: Question,
    use: Bools,
    apart: Sequence[Ints],
    solve: Callable[[Options], Answer],
) -> tuple[Answer, Ints]:
    """Return the answer of the last phase with what is proven of all, and the phase in which each of its candidates opens.

    The phase is by position among the options of the last phase, the last one for those not chosen.
    """
    phases = question.phases
    everything = options_of(inputs.candidates, use, phases[-1:], apart=apart)
    answer = solve(everything)
    phase = np.full(len(everything.candidate), len(phases) - 1, dtype=np.int64)
    chosen = everything.candidate[answer.chosen]
    for number in range(len(phases) - 2, -1, -1):
        among = np.zeros(len(use), dtype=bool)
        among[chosen] = True
        ready = inputs.candidates["from_year"].to_numpy(dtype=np.float64)
        among &= np.nan_to_num(ready, nan=-np.inf) <= phases[number].by
        some = options_of(_optional(inputs.candidates), among, phases[number : number + 1], apart=apart)
        earlier = solve(some)
        chosen = some.candidate[earlier.chosen]
        phase[np.isin(everything.candidate, chosen)] = number
        answer = _with_earlier(answer, earlier, phases[number].by)
    return answer, phase


def _with_earlier(answer: Answer, earlier: Answer, by: int) -> Answer:
    """Return the answer of the last phase with the aims of an earlier one; it is proven only if both are."""
    if not answer.steps:
        return answer
    steps = (*answer.steps, *(replace(step, name=f"{step.name} {by}") for step in earlier.steps))
    return replace(
        answer,
        steps=steps,
        status=status_of(steps) if earlier.steps and answer.status == "optimal" else "within",
        stopped=answer.stopped or earlier.stopped,
        nodes=answer.nodes + earlier.nodes,
        repeatable=answer.repeatable and earlier.repeatable,
    )


def _optional(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates with none required: a requirement holds in the last phase, not in earlier ones."""
    return candidates.assign(rule=candidates["rule"].where(candidates["rule"] != "required", ""))


def _unmet(
    inputs: SitingInputs, question: Question, unit: str, problem: Capacity, chosen: Ints
) -> pd.DataFrame:
    """Return the need of each zone that stays unmet when beds are given out as fairly as can be, and why."""
    zone = inputs.zone_number()
    inside = zone >= 0
    lacks = problem.need * (1.0 - met_rates(problem, chosen))
    reached = np.zeros(len(problem.need), dtype=bool)
    reached[beds_of(problem).point] = True
    n = len(inputs.zone_id)
    left = np.bincount(zone[inside], weights=lacks[inside], minlength=n)
    alone = np.bincount(zone[inside], weights=(lacks * ~reached)[inside], minlength=n)
    last = question.phases[-1]
    limit = question.limit_reached("too_small")
    rows = [
        {
            "question": question.name,
            "zone_id": str(inputs.zone_id[int(place)]),
            "phase": float(last.by),
            "gap": float(left[place]),
            "unit": unit,
            "why": "no_candidate" if alone[place] > left[place] / 2 else limit,
        }
        for place in np.flatnonzero(left > UNMET_LEAST)
    ]
    return pd.DataFrame(rows, columns=list(UNMET))


#: A zone with a smaller gap than this, in beds or places, is not listed.
UNMET_LEAST = 0.05


def _opening(problem: Capacity, groups: list[Ints]) -> Opening:
    """Return the order of opening: phase by phase, within a phase the site that meets most of the need left."""
    giving = Giving(beds_of(problem), problem.need)
    base = giving.start()
    start, flow = giving.met(base), [base]

    def met_with(now: Flow, option: int) -> float:
        return giving.met(giving.opened(now, np.array([option])))

    def open_it(option: int) -> None:
        flow[0] = giving.opened(flow[0], np.array([option]))

    order, marginal = in_order(groups, lambda one: met_with(flow[0], one) - giving.met(flow[0]), open_it)
    alone = np.array([met_with(base, int(option)) - start for option in order], dtype=np.float64)
    return Opening(order, alone, marginal, start + np.cumsum(marginal))


def _amounts(inputs: SitingInputs, need: NeedRate, chosen: Ints, capacity: Floats) -> pd.DataFrame:
    rows = inputs.candidates.iloc[chosen]
    size = capacity[chosen]
    table = pd.DataFrame(index=rows.index)
    table["size"] = size
    table["unit"] = need.unit
    table["beds"] = size if need.supply == "beds" else np.nan
    table["places"] = size if need.supply == "places" else np.nan
    table["floor_area_m2"] = size if need.supply == "floor_area_m2" else rows["floor_area_m2"]
    table["cost"] = rows["opening_cost"]
    table["cost_from"] = rows["cost_from"].where(rows["opening_cost"].notna(), "")
    return table
