"""Which sites, and how large, clear the shortfalls of rules: from flags and candidates to `size.Sizes`, and back to tables."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objectives.ask import SitingResult
from geoplan.siting.objectives.sizes.inputs import HELD, WHOLE, Prepared, Product, sizes_problem
from geoplan.siting.objectives.sizes.problem import Sizes, SizesAnswer
from geoplan.siting.objectives.sizes.solve import solve_sizes
from geoplan.siting.opening import Opening
from geoplan.siting.options import Options
from geoplan.siting.problems import Floats, SelectionConstraints
from geoplan.siting.question import Question, eligible
from geoplan.siting.solve.control import SearchControl
from geoplan.standards.counts import types_of
from geoplan.standards.rules import Rule
from geoplan.tables import UNMET
from geoplan.words.errors import Note, StudyError

#: Where a gap comes from, in words.
GAPS = {
    "apportioned": ("分解参考值", "the apportioned reference"),
    "recommended": ("社区现状与推荐值之差", "what the communities lack of the recommended value"),
    "own": ("社区短板缺口", "the communities' own shortfalls"),
}


def ask_sizes(
    inputs: SitingInputs,
    question: Question,
    *,
    rules: Sequence[Rule],
    flags: pd.DataFrame,
    control: SearchControl,
) -> SitingResult:
    """Answer a question of sizes.

    The shortfalls are those of the flags by community; of a rule that its plan judges at a coarser level, the gap apportioned to the
    community (分解参考值) where there is one. Communities of which nothing is known are left out and counted in a note.

    Parameters
    ----------
    rules, flags
        Rules that are judged, and `tables.FLAGS`.

    Raises
    ------
    StudyError
        If the question names a rule that does not measure communities by a supply that one builds.
    """
    started = time.perf_counter()
    products = [_product(inputs, question, name, rules) for name in question.rules]
    _check_products(question, products)
    services = tuple(dict.fromkeys(product.service for product in products))
    asked = replace(question, services=services)
    eligibility = eligible(
        inputs.candidates,
        asked,
        services=inputs.services,
        on_network=inputs.on_network,
        source=inputs.source.tolist(),
    )
    zones, gap, notes = _gaps(inputs, question, products, flags)
    rows = inputs.candidates[eligibility.use]
    prepared = sizes_problem(inputs, asked, products, eligibility, zones, gap, rules)
    problem = prepared.problem
    answer = solve_sizes(problem, control=control, then="cost" if question.minimise == "cost" else "sites")
    notes += prepared.notes
    number = np.flatnonzero(eligibility.use)
    options = Options(
        number[answer.chosen],
        answer.phase.astype(np.int64),
        SelectionConstraints(
            np.ones(len(answer.chosen)),
            csr_array((0, len(answer.chosen))),
            np.empty(0),
            np.empty(0),
        ),
    )
    amounts, serves, opening = _told(rows, products, prepared, answer, zones)
    unit = products[0].unit if len(products) == 1 else "share"
    # of several rules each counts as the part of its own gap: the aim is their mean
    per = float(max(1, int((gap.sum(axis=0) > 0).sum()))) if len(products) > 1 else 1.0
    shown = replace(answer, chosen=np.arange(len(answer.chosen)), notes=(*answer.notes, *notes))
    return SitingResult(
        asked,
        eligibility,
        options,
        shown,
        unit,
        per,
        float((gap.sum(axis=0) * problem.weights()).sum()) / per,
        replace(opening, gain=opening.gain / per, marginal=opening.marginal / per, total=opening.total / per),
        unit,
        time.perf_counter() - started,
        unmet=_unmet(asked, products, answer, zones),
        amounts=amounts,
        serves=serves,
    )


def _product(inputs: SitingInputs, question: Question, name: str, rules: Sequence[Rule]) -> Product:
    """Return what a rule is short of; an error where it does not measure communities by a supply."""
    rule = next((rule for rule in rules if rule.rule_id == name), None)
    told = None if rule is None else rule.reached_by()
    if rule is None or told is None or rule.people is None or told[1] not in HELD:
        able = [r.rule_id for r in rules if (t := r.reached_by()) is not None and r.people and t[1] in HELD]
        raise StudyError(
            Note.of(
                "siting_rule_without_size",
                question=question.name,
                rule=name,
                able="、".join(able),
                severity="error",
            )
        )
    of, supply = told
    types = types_of(of)
    named = [s for s in question.services if types & set(inputs.services[s].facilities)]
    fitting_services = named or [s for s, terms in inputs.services.items() if types & set(terms.facilities)]
    if not fitting_services:
        raise StudyError(
            Note.of("siting_rule_without_service", question=question.name, rule=name, severity="error")
        )
    return Product(rule, fitting_services[0], supply, rule.people.group, rule.unit)


def _check_products(question: Question, products: Sequence[Product]) -> None:
    """Raise StudyError where two rules count the same beds."""
    by_supply: dict[tuple[str, str], list[str]] = {}
    for product in products:
        by_supply.setdefault((product.service, product.supply), []).append(product.rule.rule_id)
    problems = [
        Note.of("siting_rules_same_supply", question=question.name, rules="、".join(rules), severity="error")
        for rules in by_supply.values()
        if len(rules) > 1
    ]
    if problems:
        raise StudyError(*problems)


def _gaps(
    inputs: SitingInputs, question: Question, products: Sequence[Product], flags: pd.DataFrame
) -> tuple[pd.Index, Floats, list[Note]]:
    """Return the communities with a shortfall, and how large, shape (n_zones, n_products)."""
    finest = inputs.zone_id
    table = pd.DataFrame(0.0, index=finest, columns=range(len(products)))
    notes = []
    for number, product in enumerate(products):
        mine = flags[(flags["rule_id"] == product.rule.rule_id)].set_index("zone_id").reindex(finest)
        shared = mine["apportioned"].astype(float)
        by_share = bool(shared.notna().any()) and not bool(mine["own_level"].fillna(False).astype(bool).all())
        short = shared if by_share else mine["shortfall"].astype(float)
        aimed = question.size_target == "recommended" and not by_share
        if aimed:
            short = _short_of_aim(product.rule, mine)
        if product.unit in WHOLE:
            short = pd.Series(np.ceil(short.to_numpy() - 1e-9), index=short.index)
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
        source = GAPS["apportioned" if by_share else "recommended" if aimed else "own"]
        notes.append(
            Note.of(
                "siting_gap_from",
                rule=product.rule.rule_id,
                source_zh=source[0],
                source_en=source[1],
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


def _short_of_aim(rule: Rule, flags: pd.DataFrame) -> pd.Series:
    """Return what the people of each zone lack of the recommended value in the rule's unit; NaN where nothing is known.

    ``(recommended - reachable) * people / n``; 0 where they reach as much.
    """
    target = rule.requirement(int(flags["year"].dropna().iloc[0])) if flags["year"].notna().any() else None
    if target is None or not np.isfinite(target.aim) or rule.people is None:
        return flags["shortfall"].astype(float)
    lacks = (
        (target.aim - flags["reachable_high"].astype(float)) * flags["people"].astype(float) / rule.people.n
    )
    known = flags["flagged"].notna().to_numpy(dtype=bool)
    return lacks.clip(lower=0.0).where(known)


def _told(
    rows: pd.DataFrame, products: Sequence[Product], prepared: Prepared, answer: SizesAnswer, zones: pd.Index
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]], Opening]:
    """Return how large each site is, whom it serves at the end, and the order of opening: by phase, then by what it closes."""
    problem, chosen = prepared.problem, answer.chosen
    sizes = np.zeros((len(chosen), len(products))) if answer.sizes is None else answer.sizes
    given = answer.allocation
    last = given.phase == len(problem.phases) - 1
    weight = problem.weights()
    closes = np.zeros(len(chosen))
    serves: dict[str, tuple[str, ...]] = {}
    alone = np.zeros(len(chosen))
    for place, candidate in enumerate(chosen):
        mine = last & (given.candidate == candidate) & (given.amount > 0)
        closes[place] = float((given.amount[mine] * weight[given.product[mine]]).sum())
        served = sorted(set(given.zone[mine].tolist()))
        serves[str(rows.index[candidate])] = tuple(str(zones[zone]) for zone in served)
        alone[place] = sum(
            weight[k] * min(sizes[place, k], _open_gap(problem, int(candidate), k))
            for k in range(len(products))
        )
    order = np.lexsort((chosen, -closes, answer.phase))
    total = np.cumsum(closes[order])
    amounts = pd.DataFrame(
        [_amounts(rows, products, prepared, int(c), sizes[place]) for place, c in enumerate(chosen)],
        columns=["size", "unit", "beds", "places", "floor_area_m2", "cost", "cost_from"],
        index=rows.index[chosen],
    )
    return amounts, serves, Opening(order.astype(np.int64), alone[order], closes[order], total)


def _open_gap(problem: Sizes, candidate: int, product: int) -> float:
    """Return the gap that a candidate may close."""
    if problem.located:
        own = -1 if problem.own_zone is None else int(problem.own_zone[candidate])
        return float(problem.gap[own, product]) if own >= 0 else 0.0
    may = problem.may[product]
    return float(problem.gap[may.indices[may.indptr[candidate] : may.indptr[candidate + 1]], product].sum())


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
