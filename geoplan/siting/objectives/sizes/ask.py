"""Sites and sizes that clear the shortfalls of rules: from flags and candidates to the problem in arrays, and back to tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from geoplan.siting.candidates import HELD, most_held, with_unit_costs
from geoplan.siting.inputs import EligibleCandidates, SitingInputs, eligible, left_out
from geoplan.siting.objective import Objective
from geoplan.siting.objectives.sizes.problem import Sizes, SizesAnswer
from geoplan.siting.objectives.sizes.solve import solve_sizes
from geoplan.siting.opening import Opening, in_order
from geoplan.siting.options import Options
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import Bools, Floats, Ints, SelectionConstraints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE
from geoplan.standards.data import AssessmentData
from geoplan.standards.reachable import zone_shares
from geoplan.standards.rules import Rule, types_of
from geoplan.tables import UNMET
from geoplan.words.catalogue import Phrase
from geoplan.words.errors import Note, StudyError

#: Units in which people build that come whole.
WHOLE = ("beds", "places")


@dataclass(frozen=True)
class Product:
    """A supply that a rule lacks, and the service that offers it.

    Parameters
    ----------
    rule
        The rule.
    service
        Service of the study that offers what the rule counts.
    supply
        What is built.
    group
        Group of the rule: its people share a site.
    unit
        Unit of the shortfall.
    """

    rule: Rule
    service: str
    supply: str
    group: str
    unit: str


@dataclass(frozen=True, eq=False)
class Prepared:
    """The problem in arrays, over the candidates in use.

    Parameters
    ----------
    problem
        The arrays.
    known
        Candidates whose cost is known, shape (J,).
    cost_from
        Where each cost comes from, by candidate_id.
    notes
        What was left out.
    """

    problem: Sizes
    known: Bools
    cost_from: pd.Series
    notes: tuple[Note, ...]


def sizes_problem(
    inputs: SitingInputs,
    question: Question,
    products: Sequence[Product],
    eligibility: EligibleCandidates,
    zones: pd.Index,
    gap: Floats,
) -> Prepared:
    """Return the problem in arrays over the candidates in use."""
    number = np.flatnonzero(eligibility.use)
    rows = inputs.candidates.iloc[number]
    least, most, unknown = _limits(question, products, eligibility, rows, number, inputs.rules)
    open_cost, unit_cost, known, told = _costs(question, products, eligibility, rows, number)
    notes = []
    if unknown.any():
        notes.append(left_out("candidate_size_unknown", rows[unknown], question))
    barred: Bools = np.all(
        most <= 0, axis=1
    )  # of unknown size or below the least: a required one cannot open either
    if (barred & ~unknown).any():
        notes.append(left_out("candidate_too_small", rows[barred & ~unknown], question))
    if (question.spends or question.minimise == "cost") and not known.all():
        notes.append(left_out("candidate_cost_unknown", rows[~known], question))
        barred |= ~known
    required = (rows["rule"] == "required").to_numpy(dtype=bool)
    years = [phase.by for phase in question.phases]
    ready = np.nan_to_num(rows["from_year"].to_numpy(dtype=np.float64), nan=-np.inf)
    words = rows["either_or"].to_numpy()
    groups = {word: code for code, word in enumerate(dict.fromkeys(words[words != ""]))}
    effects = [_effect(inputs, question, product, eligibility, number, zones) for product in products]
    problem = Sizes(
        gap=gap,
        adds=tuple(adds for adds, _ in effects),
        minutes=np.column_stack([minutes for _, minutes in effects]),
        least=np.minimum(least, most),
        most=most,
        cost_open=open_cost,
        cost_unit=unit_cost,
        rounds_up=np.array([product.unit in WHOLE for product in products], dtype=bool),
        sites=np.array([np.inf if phase.sites is None else phase.sites for phase in question.phases]),
        budget=np.array([np.inf if phase.budget is None else phase.budget for phase in question.phases]),
        room=np.nan_to_num(rows["floor_area_m2"].to_numpy(dtype=np.float64), nan=np.inf),
        room_per_unit=np.array([_room(question, product) for product in products]),
        required=required & ~barred,
        forbidden=barred,
        either_or=np.array([groups.get(word, -1) for word in words], dtype=np.int64),
        from_phase=np.array([sum(year > by for by in years) for year in ready], dtype=np.int64),
        may_stay=question.may_stay,
    )
    return Prepared(problem, known, told, tuple(notes))


def _effect(
    inputs: SitingInputs,
    question: Question,
    product: Product,
    eligibility: EligibleCandidates,
    number: Ints,
    zones: pd.Index,
) -> tuple[csr_array, Floats]:
    """Return what a unit at each candidate in use takes off each zone's gap, shape (J, Z), and the mean walk of those who share it, minutes, shape (J,)."""
    if question.mode == "located":
        own_zone = pd.Index(zones).get_indexer(
            pd.Index(inputs.candidates["zone_id"].iloc[number].astype(object))
        )
        return at_home(own_zone.astype(np.int64), len(zones)), np.zeros(len(number))
    kinds = eligibility.kinds[product.service]
    ids = inputs.candidates.index[number]
    pairs = inputs.pairs_as_judged(product.rule, {str(ids[at]): kinds[n] for at, n in enumerate(number)})
    share, reached = zone_shares(inputs.data, product.rule, pairs, ids)
    at = inputs.data.zones.index.get_indexer(zones)
    reached = csr_array(reached[:, at])
    enough = (reached.data >= question.min_reach_share - ROUNDING_TOLERANCE).astype(np.float64)
    counts = csr_array((enough, reached.indices, reached.indptr), shape=reached.shape)
    adds = csr_array(share[:, at].multiply(counts))
    adds.eliminate_zeros()
    return adds, _mean_walk(inputs, product, pairs, ids)


def _mean_walk(inputs: SitingInputs, product: Product, pairs: pd.DataFrame, ids: pd.Index) -> Floats:
    """Return the mean walk of the people who reach each candidate, minutes; 0 where nobody does."""
    people = inputs.data.demand[product.group].reindex(pairs["demand_id"]).to_numpy(dtype=np.float64)
    row = ids.get_indexer(pd.Index(pairs["facility_id"]))
    walked = np.bincount(
        row, weights=np.nan_to_num(people) * pairs["seconds"].to_numpy() / 60.0, minlength=len(ids)
    )
    crowd = np.bincount(row, weights=np.nan_to_num(people), minlength=len(ids))
    minutes: Floats = np.divide(walked, crowd, out=np.zeros(len(ids)), where=crowd > 0)
    return minutes


def at_home(own_zone: Ints, n_zones: int) -> csr_array:
    """Return what a unit at each candidate adds where it counts for its own zone (-1: none) only, shape (len(own_zone), n_zones).

    Examples
    --------
    >>> at_home(np.array([0, 0, -1]), 2).toarray().tolist()
    [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    """
    placed = np.flatnonzero(own_zone >= 0)
    return coo_array(
        (np.ones(len(placed)), (placed, own_zone[placed])), shape=(len(own_zone), n_zones)
    ).tocsr()


def _limits(
    question: Question,
    products: Sequence[Product],
    eligibility: EligibleCandidates,
    rows: pd.DataFrame,
    number: Ints,
    rules: Sequence[Rule],
) -> tuple[Floats, Floats, Bools]:
    """Return the least and most size of each product at each candidate, and the candidates of unknown size."""
    shape = len(rows), len(products)
    least, most = np.zeros(shape), np.zeros(shape)
    unknown = np.zeros(len(rows), dtype=bool)
    generated = rows["generated"].to_numpy(dtype=bool)
    for column, product in enumerate(products):
        smallest = question.smallest if question.smallest is not None else least_of_one(product, rules)
        own = most_held(question, product.supply, rows)
        limit = np.inf if question.largest is None else question.largest
        held = np.array([eligibility.kinds[product.service][n] is not None for n in number], dtype=bool)
        # an area of intent is sized by the answer; premises of unknown size are not
        bound = np.where(np.isnan(own), np.where(generated, np.inf, limit if question.largest else 0.0), own)
        unknown |= held & np.isnan(own) & ~generated & (question.largest is None)
        cap = np.minimum(bound, limit)
        most[:, column] = np.where(held & (cap >= smallest - ROUNDING_TOLERANCE), cap, 0.0)
        least[:, column] = smallest
    return least, most, unknown


def least_of_one(product: Product, rules: Sequence[Rule]) -> float:
    """Return what the same clause asks of one facility in the rule's unit (``>= 300 m2``); 0 where it asks nothing."""
    rule = product.rule
    for other in rules:
        same = other.pack == rule.pack and other.clause == rule.clause and other.kind == "facility"
        target = other.targets[-1]
        if same and other.counts == product.supply and target.comparison == ">=" and target.floor is not None:
            return float(target.floor)
    return 0.0


def _costs(
    question: Question,
    products: Sequence[Product],
    eligibility: EligibleCandidates,
    rows: pd.DataFrame,
    number: Ints,
) -> tuple[Floats, Floats, Bools, pd.Series]:
    """Return the cost of opening, the cost of each unit, which candidates' cost is known, and where it comes from.

    A stated cost is that of opening, whatever the size; else each unit costs what is stated or what the plans' lists imply.
    """
    opening = rows["cost"].to_numpy(dtype=np.float64)
    unit = np.zeros((len(rows), len(products)))
    known = np.ones(len(rows), dtype=bool)
    told = rows["cost_from"].astype(object).where(~np.isnan(opening), "")
    for column, product in enumerate(products):
        kinds = np.array([eligibility.kinds[product.service][n] or "" for n in number], dtype=object)
        for kind in dict.fromkeys(kinds[kinds != ""]):
            mine = kinds == kind
            per_area = question.m2_per_bed if product.supply == "beds" else question.m2_per_place
            ways = (
                [product.supply] if product.supply == "floor_area_m2" else [product.supply, "floor_area_m2"]
            )
            priced = with_unit_costs(rows[mine], service_type=str(kind), supplies=ways)
            each = priced["cost_unit"].to_numpy(dtype=np.float64)
            of = priced["cost_unit_of"].to_numpy()
            area = np.nan if per_area is None else per_area  # m2 of each unit, to price it by floor area
            by_area = np.where(
                of == "floor_area_m2", each * area, np.nan
            )  # what else it may be of is not known
            each = np.where(of == product.supply, each, by_area)
            unit[mine, column] = np.nan_to_num(each)
            known[mine] &= ~np.isnan(each) | ~np.isnan(opening[mine])
            fill = (told[mine] == "") & ~np.isnan(each)
            told.loc[fill.index[fill]] = priced["cost_from"].loc[fill.index[fill]]
    return np.nan_to_num(opening), unit, known, told


def _room(question: Question, product: Product) -> float:
    """Return the floor area that a unit of a product takes, m2; 0 where it is not said."""
    per = {"beds": question.m2_per_bed or 0.0, "places": question.m2_per_place, "floor_area_m2": 1.0}
    return per[product.supply]


class Sizing(Objective):
    """Sites and their sizes that clear the shortfalls of rules."""

    name = "sizes"
    asks_what_can_be_met = True

    def lacks(self, question: Question) -> str:
        """Return what the question lacks: rules; of several it is not said how much of which may stay, and flags count their own walk."""
        if question.walk_minutes is not None and question.mode == "reachable":
            return "`walk_minutes`, `ask: sizes`"
        if question.may_stay > 0 and len(question.rules) > 1:
            return "`may_stay`, `rules` × 2"
        return "" if question.rules else "`rules`"

    def answer(self, inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
        """Answer a question of sizes.

        The shortfalls are those of the flags by community, and what a site adds is what flags will count. Where a size counts for its own
        community only (``located``), a rule that its plan judges at a coarser level asks for the gap apportioned to the community
        (分解参考值) where there is one. Communities of which nothing is known are left out and counted in a note.

        Raises
        ------
        StudyError
            If the question names a rule that does not measure communities by a supply that one builds.
        """
        products = [_product(inputs, question, name) for name in question.rules]
        _check_products(question, products)
        asked = question.changed(services=[*dict.fromkeys(product.service for product in products)])
        # a candidate's cost depends on its size: it is looked at with the sizes
        candidates = eligible(inputs, asked, costed=False)
        zones, gap, notes = _gaps(inputs, question, products)
        rows = inputs.candidates[candidates.use]
        prepared = sizes_problem(inputs, asked, products, candidates, zones, gap)
        problem = prepared.problem
        found = solve_sizes(problem, control=control, first=question.first, then=question.minimise)
        n = len(found.chosen)
        none = SelectionConstraints(np.ones(n), csr_array((0, n)), np.empty(0), np.empty(0))
        options = Options(np.flatnonzero(candidates.use)[found.chosen], found.phase.astype(np.int64), none)
        amounts, opening = _opened(rows, products, prepared, found)
        gain_unit = products[0].unit if len(products) == 1 else "share"
        # of several rules each counts as the part of its own gap: the aim is their mean
        parts = float(max(1, int((gap.sum(axis=0) > 0).sum()))) if len(products) > 1 else 1.0
        aim, before = (
            (question.minimise, np.nan) if question.may_stay > 0 else (gain_unit, _left(problem, None))
        )
        if question.first == "flags":
            aim, before = "zones", float((gap > 0).any(axis=1).sum())
        per = parts if aim == "share" else 1.0
        notes = [*found.notes, *notes, *prepared.notes]
        return SitingResult(
            asked,
            candidates,
            options,
            replace(found, chosen=np.arange(n), notes=tuple(notes)),
            aim,
            opening.divided(parts),
            gain_unit,
            per=per,
            before=before / per,
            unmet=_unmet(asked, products, found, zones),
            amounts=amounts,
            serves=_own_zones(rows.iloc[found.chosen]) if question.mode == "located" else None,
        )


def _product(inputs: SitingInputs, question: Question, name: str) -> Product:
    """Return what a rule is short of; an error where it does not measure communities by a supply."""
    rule = next((rule for rule in inputs.rules if rule.rule_id == name), None)
    told = None if rule is None else rule.reached_by()
    if rule is None or told is None or rule.people is None or told[1] not in HELD:
        able = [
            r.rule_id for r in inputs.rules if (t := r.reached_by()) is not None and r.people and t[1] in HELD
        ]
        raise StudyError(
            Note.of(
                "siting_rule_without_size",
                question=question.name,
                rule=name,
                able=", ".join(able),
                severity="error",
            )
        )
    of, supply = told
    types = types_of(of)
    named = [s for s in question.services if types & set(inputs.services[s].facilities)]
    fitting = named or [s for s, terms in inputs.services.items() if types & set(terms.facilities)]
    if not fitting:
        raise StudyError(
            Note.of("siting_rule_without_service", question=question.name, rule=name, severity="error")
        )
    return Product(rule, fitting[0], supply, rule.people.group, rule.unit)


def _check_products(question: Question, products: Sequence[Product]) -> None:
    """Raise StudyError where two rules count the same beds."""
    by_supply: dict[tuple[str, str], list[str]] = {}
    for product in products:
        by_supply.setdefault((product.service, product.supply), []).append(product.rule.rule_id)
    problems = [
        Note.of("siting_rules_same_supply", question=question.name, rules=", ".join(rules), severity="error")
        for rules in by_supply.values()
        if len(rules) > 1
    ]
    if problems:
        raise StudyError(*problems)


def _gaps(
    inputs: SitingInputs, question: Question, products: Sequence[Product]
) -> tuple[pd.Index, Floats, list[Note]]:
    """Return the communities with a shortfall, and how large, shape (n_zones, n_products)."""
    finest = inputs.zone_id
    table = pd.DataFrame(0.0, index=finest, columns=range(len(products)))
    notes = []
    for number, product in enumerate(products):
        mine = (
            inputs.flags[(inputs.flags["rule_id"] == product.rule.rule_id)]
            .set_index("zone_id")
            .reindex(finest)
        )
        shared = mine["apportioned"].astype(float)
        is_finer = bool(shared.notna().any()) and not bool(mine["own_level"].fillna(False).astype(bool).all())
        by_share = is_finer and question.mode == "located"
        aimed = question.size_target == "recommended" and not by_share
        short = shared if by_share else _short(product.rule, mine, inputs.data, recommended=aimed)
        unknown = int(short.isna().sum())
        if unknown == len(short):
            raise StudyError(
                Note.of(
                    "siting_rule_without_gap",
                    question=question.name,
                    rule=product.rule.rule_id,
                    severity="error",
                )
            )
        source = Phrase(f"siting_gap_{'apportioned' if by_share else 'recommended' if aimed else 'own'}")
        notes.append(
            Note.of(
                "siting_gap_from",
                rule=product.rule.rule_id,
                source=source,
                unknown=unknown,
                severity="warning" if unknown else "info",
            )
        )
        what_if = str(mine["note_zh"].dropna().iloc[0]) if mine["note_zh"].notna().any() else ""
        if what_if:
            notes.append(
                Note.of("siting_gap_what_if", rule=product.rule.rule_id, what_zh=what_if,
                        what_en=str(mine["note_en"].dropna().iloc[0]), severity="info")
            )  # fmt: skip
        table[number] = short.fillna(0.0)
    kept = table[(table > 0).any(axis=1)]
    return kept.index, kept.to_numpy(dtype=np.float64), notes


def _short(rule: Rule, flags: pd.DataFrame, data: AssessmentData, *, recommended: bool) -> pd.Series:
    """Return what the people of each zone lack in the rule's unit, before it is rounded up; NaN where nothing is known.

    ``(required - reachable) * people on the network / n`` where a zone is flagged, as `geoplan.standards.flags` counts it, 0 elsewhere;
    with `recommended` up to the recommended value where there is one, of every zone of which it is known what it lacks.
    """
    assert rule.people is not None  # noqa: S101 - the products say so
    what = rule.requirement(data.year, data.thresholds)
    recommended = recommended and bool(np.isfinite(what.aim))
    wanted = what.aim if recommended else flags["required"].astype(float)
    on_foot = flags["people"].astype(float) - flags["off_network"].astype(float)
    lacks = (wanted - flags["reachable_high"].astype(float)) * on_foot / rule.people.n
    known, flagged = flags["flagged"].notna(), flags["flagged"].fillna(False).astype(bool)
    short = lacks.clip(lower=0.0) if recommended else lacks.where(flagged, 0.0)
    return short.where(known.to_numpy(dtype=bool))


def _opened(
    rows: pd.DataFrame, products: Sequence[Product], prepared: Prepared, answer: SizesAnswer
) -> tuple[pd.DataFrame, Opening]:
    """Return the amounts of each site, and the order of opening: by phase, then by the gap it closes."""
    problem, chosen = prepared.problem, answer.chosen
    sizes = np.zeros((len(chosen), len(products))) if answer.sizes is None else answer.sizes
    opened = np.zeros(problem.least.shape)

    def with_site(place: int) -> Floats:
        every = opened.copy()
        every[chosen[place]] = sizes[place]
        return every

    def gain(place: int) -> float:
        return _left(problem, opened) - _left(problem, with_site(place))

    def open_it(place: int) -> None:
        opened[chosen[place]] = sizes[place]

    alone = np.array([gain(place) for place in range(len(chosen))])
    groups = [np.flatnonzero(answer.phase == number) for number in range(len(problem.sites))]
    order, marginal = in_order(groups, gain, open_it)
    amounts = pd.DataFrame(
        [_amounts(rows, products, prepared, int(c), sizes[place]) for place, c in enumerate(chosen)],
        columns=["size", "unit", "beds", "places", "floor_area_m2", "cost", "cost_from"],
        index=rows.index[chosen],
    )
    return amounts, Opening(order, alone[order], marginal, np.cumsum(marginal))


def _left(problem: Sizes, sizes: Floats | None) -> float:
    """Return the gap that stays with sites of these sizes, shape (J, K), as the aim counts it; None: without any."""
    left = problem.unmet(np.zeros(problem.least.shape) if sizes is None else sizes)
    return float(problem.weights() @ left.sum(axis=0))


def _own_zones(rows: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the zone in which each candidate stands, by candidate_id."""
    zones = zip(rows.index, rows["zone_id"], strict=True)
    return {str(name): (zone,) if isinstance(zone, str) else () for name, zone in zones}


def _amounts(
    rows: pd.DataFrame, products: Sequence[Product], prepared: Prepared, candidate: int, sizes: Floats
) -> dict[str, Any]:
    problem = prepared.problem
    by_supply: dict[str, float] = {}
    for product, size in zip(products, sizes, strict=True):  # two rules of one supply count the same beds
        by_supply[product.supply] = max(by_supply.get(product.supply, 0.0), float(size))
    own = rows.iloc[candidate]
    cost = float(problem.cost_open[candidate] + problem.cost_unit[candidate] @ sizes)
    return {
        "size": float(sizes[0]) if len(products) == 1 else np.nan,
        "unit": products[0].unit if len(products) == 1 else "",
        "beds": by_supply.get("beds", np.nan),
        "places": by_supply.get("places", np.nan),
        "floor_area_m2": by_supply.get("floor_area_m2", own["floor_area_m2"]),
        "cost": cost if prepared.known[candidate] else np.nan,
        "cost_from": prepared.cost_from.iloc[candidate],
    }


def _unmet(
    question: Question, products: Sequence[Product], answer: SizesAnswer, zones: pd.Index
) -> pd.DataFrame:
    """Return every zone and phase that keeps a gap, and why (`tables.UNMET`)."""
    rows = [
        {
            "question": question.name,
            "zone_id": str(zones[zone]),
            "phase": float(question.phases[phase].by),
            "gap": float(answer.unmet[phase, zone, product]),
            "unit": products[product].unit,
            "why": str(answer.why[phase, zone, product]),
        }
        for phase, zone, product in zip(*np.nonzero(answer.unmet > 1e-6), strict=True)
    ]
    return pd.DataFrame(rows, columns=list(UNMET))
