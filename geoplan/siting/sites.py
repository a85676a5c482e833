"""From an answer to what is handed in: the sites in the form of a project list, a row about the answer, the projects that they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.facilities.supplies import CHILD_TYPES, ELDER_TYPES, kind_of
from geoplan.inputs.projects.fields import ADDED
from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objectives.ask import SitingResult, first_step
from geoplan.siting.question import Question
from geoplan.standards.counts import types_of
from geoplan.standards.rules import Rule
from geoplan.tables import ANSWERS, PROJECTS, SITES

#: Words of kinds of places that nobody has offered.
INTENT = {"zh": "意向区域", "en": "area of intent"}


def sites_table(
    inputs: SitingInputs, asked: SitingResult, *, rules: Sequence[Rule], lang: str
) -> gpd.GeoDataFrame:
    """Return the sites of an answer in their order of opening (`tables.SITES`), indexed by ``question/order``.

    Parameters
    ----------
    inputs
        What the question stood on.
    asked
        Its answer.
    rules
        Rules that are judged: those that count what opens are the site's indicators.
    lang
        ``zh`` or ``en``.
    """
    question, opening = asked.question, asked.opening
    serves = asked.serves if asked.serves is not None else _served(inputs, asked)
    rows = []
    for place, option in enumerate(opening.option):
        number = int(asked.options.candidate[option])
        own = inputs.candidates.iloc[number]
        name = str(inputs.candidates.index[number])
        kinds = tuple(
            dict.fromkeys(
                kind
                for service in question.services
                if (kind := asked.eligible.kinds[service][number]) is not None
            )
        )
        rows.append({
            "question": question.name, "order": place + 1, "name": own["name"], "candidate_id": name, "works": own["works"],
            "services": kinds, "place": _place(own, inputs.zones, lang), "phase": float(question.phases[asked.options.phase[option]].by),
            "serves": serves.get(name, ()), "indicators": _indicators(question, kinds, rules),
            "gain": opening.gain[place], "marginal": opening.marginal[place], "total": opening.total[place], "gain_unit": asked.gain_unit,
            "generated": bool(own["generated"]), "zone_id": own["zone_id"], "extends": own["extends"],
            "geometry": own["geometry"], **_amounts(asked, name, own, kinds),
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=list(SITES))
    index = pd.Index([f"{question.name}/{n}" for n in range(1, len(table) + 1)], name="site_id", dtype=object)
    return gpd.GeoDataFrame(table.set_index(index), geometry="geometry", crs=inputs.candidates.crs)


def _amounts(asked: SitingResult, name: str, own: pd.Series, kinds: Sequence[str]) -> dict[str, Any]:
    """Return how large a site is and what it costs: as the answer says, else all that the candidate may hold."""
    if asked.amounts is not None:
        return {str(key): value for key, value in asked.amounts.loc[name].to_dict().items()}
    return {
        "size": np.nan, "unit": "", "beds": own["most_beds"] if ELDER_TYPES.intersection(kinds) else np.nan,
        "places": own["most_places"] if CHILD_TYPES.intersection(kinds) else np.nan, "floor_area_m2": own["floor_area_m2"],
        "cost": own["opening_cost"], "cost_from": own["cost_from"] if pd.notna(own["opening_cost"]) else "",
    }  # fmt: skip


def _place(own: pd.Series, zones: pd.DataFrame, lang: str) -> str:
    zone = own["zone_id"]
    named = str(zones["name"].get(zone, "")) if isinstance(zone, str) else ""
    if own["generated"]:
        return f"{INTENT[lang]}（{named}）" if lang == "zh" else f"{INTENT[lang]} ({named})"
    address = own.get("place", "")
    return str(address) if isinstance(address, str) and address else named


def _served(inputs: SitingInputs, asked: SitingResult) -> dict[str, tuple[str, ...]]:
    """Return the zones that each chosen candidate serves: those of whose people at least `theta` walk to it, and its own."""
    question = asked.question
    chosen = asked.options.candidate[asked.opening.option]
    found: dict[str, dict[str, None]] = {str(inputs.candidates.index[c]): {} for c in chosen}
    for service in question.services:
        shares = zone_shares(
            inputs,
            inputs.walks(service, question.minutes(inputs.services[service]))[chosen],
            inputs.services[service].group,
        )
        rows, zones = shares.nonzero()
        for row, zone in zip(rows, zones, strict=True):
            if shares[row, zone] >= question.min_reach_share - 1e-9:
                found[str(inputs.candidates.index[chosen[row]])][str(inputs.zone_id[zone])] = None
    for number in chosen:
        own = inputs.candidates["zone_id"].iloc[number]
        if isinstance(own, str):
            found[str(inputs.candidates.index[number])][own] = None
    order = {str(zone): place for place, zone in enumerate(inputs.zones.index)}
    return {name: tuple(sorted(zones, key=order.__getitem__)) for name, zones in found.items()}


def zone_shares(inputs: SitingInputs, walks: csr_array, group: str) -> csr_array:
    """Return the share of each zone's people who walk to each candidate, shape (n_candidates, n_zones).

    Parameters
    ----------
    walks
        Seconds, shape (n_candidates, n_points); an entry is a walk within the limit.
    group
        Whose share.
    """
    walked = csr_array((np.ones(walks.nnz), walks.indices, walks.indptr), shape=walks.shape)
    return csr_array(walked @ zone_weights(inputs, group))


def zone_weights(inputs: SitingInputs, group: str) -> csr_array:
    """Return the share of its zone's people at each point, shape (n_points, n_zones); 0 in a zone without any."""
    zone, people = inputs.zone_number(), inputs.people(group)
    inside = np.flatnonzero(zone >= 0)
    total = np.bincount(zone[inside], weights=people[inside], minlength=len(inputs.zone_id))
    weight = people[inside] / np.where(total > 0, total, 1.0)[zone[inside]]
    return coo_array((weight, (inside, zone[inside])), shape=(len(zone), len(inputs.zone_id))).tocsr()


def _indicators(question: Question, kinds: Sequence[str], rules: Sequence[Rule]) -> tuple[str, ...]:
    """Return the rules that count what opens: those asked for first, then every one whose facilities it is among."""
    counting = [rule.rule_id for rule in rules if types_of(getattr(rule, "of", None)) & frozenset(kinds)]
    return tuple(dict.fromkeys([*question.rules, *counting]))


def answer_row(
    asked: SitingResult, sites: pd.DataFrame, *, label: str, aim: str, adopted: bool, candidates: int
) -> dict[str, Any]:
    """Return a row of `tables.ANSWERS`.

    Parameters
    ----------
    sites
        The answer's sites.
    label, aim
        The question, and what its objective counts, in words.
    adopted
        Whether its sites stand on the map.
    candidates
        Candidates that were looked at.
    """
    answer = asked.answer
    step = first_step(answer, asked.per)
    return {
        "question": asked.question.name, "ask": asked.question.ask, "label": label,
        "status": answer.status, "stopped": answer.stopped, "aim": aim, "unit": asked.unit,
        "objective": np.nan if step is None else step.objective, "bound": np.nan if step is None else step.bound,
        "gap": np.nan if step is None else step.gap, "recount": answer.recount / asked.per, "before": asked.before,
        "sites": len(sites), "cost": float(sites["cost"].sum(skipna=False)) if len(sites) else 0.0,
        "candidates": candidates, "repeatable": answer.repeatable, "nodes": answer.nodes,
        "adopted": adopted,
    }  # fmt: skip


def answers_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the rows as `tables.ANSWERS`."""
    return pd.DataFrame(list(rows), columns=list(ANSWERS))


def sites_as_projects(
    sites: gpd.GeoDataFrame,
    *,
    facilities: pd.DataFrame,
    attributes: Mapping[str, bool] | None = None,
    year: int | None = None,
) -> gpd.GeoDataFrame:
    """Return sites as a project list (`tables.PROJECTS`), so that they are judged as one; ``extends`` is a facility_id.

    Parameters
    ----------
    sites
        `tables.SITES` of one question.
    facilities
        Existing facilities. Where none of a site's kind (eldercare, childcare) names the zones that it serves, sites name none
        either: a rule judged by where facilities stand is then still judged so.
    attributes
        What they will be (``registered``, ``inclusive`` …); of every other attribute nothing is known.
    year
        Year from which they count; None: the last of their phase. What a site adds that nobody has said stays unknown.
    """
    blank = pd.Series(np.nan, index=sites.index)
    known = {"beds": sites["beds"], "places": sites["places"], "floor_area_m2": sites["floor_area_m2"]}
    # a question that sizes beds or places says all that a site adds; else nothing is known of them
    amounts = {supply: known.get(supply, blank).astype(float) for supply in ADDED}
    naming = {
        kind_of(kind)
        for kinds, zones in zip(facilities["services"], facilities["serves"], strict=True)
        if len(zones)
        for kind in kinds
    }
    serves = [
        zones if naming.intersection(map(kind_of, kinds)) else ()
        for kinds, zones in zip(sites["services"], sites["serves"], strict=True)
    ]
    table = pd.DataFrame({
        "name": sites["name"], "works": sites["works"], "services": sites["services"], **amounts,
        **{f"{supply}_high": amount for supply, amount in amounts.items()},
        "facilities": 1.0, "cost": sites["cost"].astype(float), "cost_from": sites["cost_from"], "funds": "",
        "start_year": blank, "open_year": sites["phase"].astype(float) if year is None else float(year),
        "unit": "", "zone_id": sites["zone_id"], "serves": pd.Series(serves, index=sites.index, dtype=object), "indicators": sites["indicators"],
        "location_quality": "approximate", "source_file": sites["question"], "source_row": sites["order"],
        "number": sites["order"].astype(str), "type_word": "", "place": sites["place"], "content": "",
        "extends": [old if isinstance(old, str) else "" for old in sites["extends"]],
        "approximate": False,
    }, index=sites.index.rename("project_id"))  # fmt: skip
    for flag in ATTRIBUTES:
        table[flag] = pd.array([(attributes or {}).get(flag, pd.NA)] * len(table), dtype="boolean")
    columns = [c for c in PROJECTS if c != "geometry"] + [*ATTRIBUTES]
    return gpd.GeoDataFrame(
        table[columns], geometry=gpd.GeoSeries(sites.geometry.to_list(), index=table.index), crs=sites.crs
    )
