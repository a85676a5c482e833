"""From candidates and rules to the arrays of `size.Sizes`: who may serve whom, between which sizes, at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from geoplan.siting.candidates import with_unit_costs
from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objectives.sizes.problem import Phase, Sizes
from geoplan.siting.problems import Bools, Floats, Ints
from geoplan.siting.question import EligibleCandidates, Question, left_out
from geoplan.siting.sites import zone_weights
from geoplan.standards.rules import Rule
from geoplan.words.errors import Note

#: Supplies that siting can size: supply -> column of a candidate that says the most it may hold.
HELD = {"beds": "most_beds", "places": "most_places", "floor_area_m2": "floor_area_m2"}
#: Units in which people build that come whole.
WHOLE = ("beds", "places")


@dataclass(frozen=True)
class Product:
    """A supply that a rule is short of, and the service whose people walk to it.

    Parameters
    ----------
    rule
        The rule.
    service
        Service of the study that offers what the rule counts.
    supply
        What is built.
    group
        People of the rule, of whom enough must walk to a site.
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
    rules: Sequence[Rule],
) -> Prepared:
    """Return the problem in arrays over the candidates in use."""
    number = np.flatnonzero(eligibility.use)
    rows = inputs.candidates.iloc[number]
    least, most, unknown = _limits(question, products, eligibility, rows, number, rules)
    open_cost, unit_cost, known, told = _costs(question, products, eligibility, rows, number)
    notes = []
    if unknown.any():
        notes.append(left_out("candidate_size_unknown", rows[unknown], question))
    barred: Bools = np.all(
        most <= 0, axis=1
    )  # of unknown size or below the least: a required one cannot open either
    if (barred & ~unknown).any():
        notes.append(left_out("candidate_too_small", rows[barred & ~unknown], question))
    if question.counts_money and not known.all():
        notes.append(left_out("candidate_cost_unknown", rows[~known], question))
        barred |= ~known
    required = (rows["rule"] == "required").to_numpy(dtype=bool)
    years = [phase.by for phase in question.phases]
    ready = np.nan_to_num(rows["from_year"].to_numpy(dtype=np.float64), nan=-np.inf)
    words = rows["either_or"].to_numpy()
    groups = {word: code for code, word in enumerate(dict.fromkeys(words[words != ""]))}
    zone_of = pd.Index(zones).get_indexer(pd.Index(rows["zone_id"].astype(object)))
    problem = Sizes(
        gap=gap,
        may=tuple(_may(inputs, question, product, number, zones) for product in products),
        least=np.minimum(least, most),
        most=most,
        cost_open=open_cost,
        cost_unit=unit_cost,
        whole=np.array([product.unit in WHOLE for product in products], dtype=bool),
        phases=tuple(
            Phase(
                float(phase.by),
                np.inf if phase.sites is None else float(phase.sites),
                np.inf if phase.budget is None else phase.budget,
            )
            for phase in question.phases
        ),
        room=np.nan_to_num(rows["floor_area_m2"].to_numpy(dtype=np.float64), nan=np.inf),
        room_per_unit=np.array([_room(question, product) for product in products]),
        required=required & ~barred,
        forbidden=barred,
        either_or=np.array([groups.get(word, -1) for word in words], dtype=np.int64),
        from_phase=np.array([sum(year > by for by in years) for year in ready], dtype=np.int64),
        own_zone=zone_of.astype(np.int64),
        located=question.mode == "located",
    )
    return Prepared(problem, known, told, tuple(notes))


def _may(
    inputs: SitingInputs, question: Question, product: Product, number: Ints, zones: pd.Index
) -> csr_array:
    """Return the mean minutes of walk of each zone's people to each candidate that at least `theta` of them walk to."""
    walks = inputs.walks(product.service, question.minutes(inputs.services[product.service]))[number]
    spread = zone_weights(inputs, product.group)
    shares = csr_array((np.ones(walks.nnz), walks.indices, walks.indptr), shape=walks.shape) @ spread
    seconds = walks @ spread
    place = pd.Index(zones).get_indexer(inputs.zone_id)
    row, zone = shares.nonzero()
    if not len(row):  # nobody walks to any candidate, or there is none
        return csr_array((len(number), len(zones)))
    share = np.asarray(shares[row, zone]).ravel()
    enough = (share >= question.min_reach_share - 1e-9) & (place[zone] >= 0)
    row, zone = row[enough], zone[enough]
    minutes = np.asarray(seconds[row, zone]).ravel() / share[enough] / 60.0
    return coo_array((minutes, (row, place[zone])), shape=(len(number), len(zones))).tocsr()


def _limits(
    question: Question,
    products: Sequence[Product],
    eligibility: EligibleCandidates,
    rows: pd.DataFrame,
    number: Ints,
    rules: Sequence[Rule],
) -> tuple[Floats, Floats, Bools]:
    """Return the least and most size of each product at each candidate, and the candidates of whose size nothing is known."""
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
        most[:, column] = np.where(held & (cap >= smallest - 1e-9), cap, 0.0)
        least[:, column] = smallest
    return least, most, unknown


def most_held(question: Question, supply: str, rows: pd.DataFrame) -> Floats:
    """Return the most that each candidate may hold of a supply; NaN where nothing says so."""
    area = rows["floor_area_m2"].to_numpy(dtype=np.float64)
    if supply == "floor_area_m2":
        return area
    said = rows[HELD[supply]].to_numpy(dtype=np.float64)
    each = question.m2_per_bed if supply == "beds" else question.m2_per_place
    by_area = np.full(len(rows), np.nan) if each is None else np.floor(area / each + 1e-9)
    return np.where(np.isnan(said), by_area, said)


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
