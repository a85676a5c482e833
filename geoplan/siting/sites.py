"""Tables of an answer: its sites in the form of a project list, a row on its proof, and the sites as projects for a second assessment."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.facilities.facts import CHILD_TYPES, ELDER_TYPES, kind_of
from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.projects.fields import ADDED
from geoplan.siting.inputs import SitingInputs, metres_to_existing
from geoplan.siting.objectives import objective_of
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult
from geoplan.siting.solve.problems import Answer, Floats
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE
from geoplan.standards.rules import Rule, types_of
from geoplan.tables import ANSWERS, PROJECTS, SITES, Service
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note
from geoplan.words.labels import unit

#: A site is said to serve the zones of which at least this share of the people walk to it.
SERVED_SHARE = 0.5


def sites_table(
    inputs: SitingInputs, result: SitingResult, *, rules: Sequence[Rule], lang: str
) -> gpd.GeoDataFrame:
    """Return the sites of an answer in their order of opening (`tables.SITES`), indexed by ``question/order``.

    Parameters
    ----------
    inputs
        What the question was answered with.
    result
        Its answer.
    rules
        Rules that are judged: those that count what opens are the site's indicators.
    lang
        ``zh`` or ``en``.
    """
    question, opening = result.question, result.opening
    serves = result.serves if result.serves is not None else _served(inputs, result)
    rows = []
    for place, option in enumerate(opening.option):
        number = int(result.options.candidate[option])
        own = inputs.candidates.iloc[number]
        name = str(inputs.candidates.index[number])
        kinds = tuple(
            dict.fromkeys(
                kind
                for service in question.services
                if (kind := result.eligible.kinds[service][number]) is not None
            )
        )
        rows.append({
            "question": question.name, "order": place + 1, "name": own["name"], "candidate_id": name, "works": own["works"],
            "services": kinds, "place": _place(own, inputs.zones, lang), "phase": float(question.phases[result.options.phase[option]].by),
            "serves": serves.get(name, ()), "indicators": _indicators(question, kinds, rules),
            "gain": opening.gain[place], "marginal": opening.marginal[place], "total": opening.total[place], "gain_unit": result.gain_unit,
            "generated": bool(own["generated"]), "zone_id": own["zone_id"], "extends": own["extends"],
            "geometry": own["geometry"], **_amounts(result, name, own, kinds),
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=list(SITES))
    index = pd.Index(site_ids(question.name, len(table)), name="site_id", dtype=object)
    return gpd.GeoDataFrame(table.set_index(index), geometry="geometry", crs=inputs.candidates.crs)


def site_ids(question: str, count: int) -> list[str]:
    """Return the ids of so many sites of a question, in their order of opening.

    Examples
    --------
    >>> site_ids("circles", 2)
    ['circles/1', 'circles/2']
    """
    return [f"{question}/{order}" for order in range(1, count + 1)]


def _amounts(result: SitingResult, name: str, own: pd.Series, kinds: Sequence[str]) -> dict[str, Any]:
    """Return how large a site is and what it costs: as the answer says, else all that the candidate may hold."""
    if result.amounts is not None:
        return {str(key): value for key, value in result.amounts.loc[name].to_dict().items()}
    return {
        "size": np.nan, "unit": "", "beds": own["most_beds"] if ELDER_TYPES.intersection(kinds) else np.nan,
        "places": own["most_places"] if CHILD_TYPES.intersection(kinds) else np.nan, "floor_area_m2": own["floor_area_m2"],
        "cost": own["opening_cost"], "cost_from": own["cost_from"] if pd.notna(own["opening_cost"]) else "",
    }  # fmt: skip


def _place(own: pd.Series, zones: pd.DataFrame, lang: str) -> str:
    zone = own["zone_id"]
    named = str(zones["name"].get(zone, "")) if isinstance(zone, str) else ""
    if own["generated"]:
        return phrase("siting_area_of_intent", lang, zone=named)
    address = own.get("place", "")
    return str(address) if isinstance(address, str) and address else named


def _served(inputs: SitingInputs, result: SitingResult) -> dict[str, tuple[str, ...]]:
    """Return the zones that each chosen candidate serves: where at least `SERVED_SHARE` of the people walk to it, and its own zone."""
    question = result.question
    chosen = result.options.candidate[result.opening.option]
    found: dict[str, dict[str, None]] = {str(inputs.candidates.index[c]): {} for c in chosen}
    for service in question.services:
        walks = inputs.walks(service, question.minutes(inputs.services[service]))[chosen]
        shares = inputs.zone_shares(walks, inputs.services[service].group)
        rows, zones = shares.nonzero()
        for row, zone in zip(rows, zones, strict=True):
            if shares[row, zone] >= SERVED_SHARE - ROUNDING_TOLERANCE:
                found[str(inputs.candidates.index[chosen[row]])][str(inputs.zone_id[zone])] = None
    for number in chosen:
        own = inputs.candidates["zone_id"].iloc[number]
        if isinstance(own, str):
            found[str(inputs.candidates.index[number])][own] = None
    order = {str(zone): place for place, zone in enumerate(inputs.zones.index)}
    return {name: tuple(sorted(zones, key=order.__getitem__)) for name, zones in found.items()}


def _indicators(question: Question, kinds: Sequence[str], rules: Sequence[Rule]) -> tuple[str, ...]:
    """Return the rules that count the facilities that open: first those of the question, then all others."""
    counting = [rule.rule_id for rule in rules if types_of(getattr(rule, "of", None)) & frozenset(kinds)]
    return tuple(dict.fromkeys([*question.rules, *counting]))


def answer_row(
    result: SitingResult,
    sites: pd.DataFrame,
    *,
    services: Mapping[str, Service],
    rules: pd.DataFrame,
    lang: str,
    adopted: bool,
) -> dict[str, Any]:
    """Return a row of `tables.ANSWERS`.

    Parameters
    ----------
    result
        The answer.
    sites
        Its sites.
    services
        Service -> its terms.
    rules
        Printed rules by rule_id, with ``indicator`` and ``title_en``.
    lang
        ``zh`` or ``en``.
    adopted
        Whether its sites stand on the map.
    """
    question, answer, step = result.question, result.answer, result.first_step()
    objective = objective_of(question)
    return {
        "question": question.name, "ask": question.ask,
        "label": title(answer, objective.sentence(question, services=services, rules=rules, lang=lang), lang),
        "status": answer.status, "stopped": answer.stopped, "aim": phrase(result.aim or objective.aim(question), lang), "unit": result.unit,
        "objective": np.nan if step is None else step.objective, "bound": np.nan if step is None else step.bound,
        "gap": np.nan if step is None else step.gap, "recount": answer.recount / result.per, "before": result.before,
        "sites": len(sites), "cost": float(sites["cost"].sum(skipna=False)) if len(sites) else 0.0,
        "candidates": int(result.eligible.use.sum()), "repeatable": answer.repeatable, "nodes": answer.nodes,
        "adopted": adopted,
    }  # fmt: skip


#: A site nearer than this to a facility of its service is listed, metres.
BESIDE_M = 100.0


def site_notes(inputs: SitingInputs, result: SitingResult) -> list[Note]:
    """Return notes on sites beside a facility of their service, and on where the order of opening stops to be worth its cost."""
    question, opening, chosen = (
        result.question,
        result.opening,
        result.options.candidate[result.opening.option],
    )
    notes, kinds = [], result.eligible.kinds
    metres = {service: metres_to_existing(inputs, service) for service in question.services}
    beside = [
        str(inputs.candidates["name"].iloc[n])
        for n in chosen.tolist()
        if not inputs.candidates["extends"].iloc[n]
        and any(
            kinds[service][n] is not None and metres[service][n] <= BESIDE_M for service in question.services
        )
    ]
    if beside:
        values = {
            "question": question.name,
            "count": len(beside),
            "metres": f"{BESIDE_M:g}",
            "names": tuple(beside),
        }
        notes.append(Note("siting_beside_existing", values=values))
    if question.min_gain is not None and len(chosen):
        names, rows = inputs.candidates.index, inputs.candidates
        cost = np.array(
            [_amounts(result, str(names[n]), rows.iloc[n], ())["cost"] for n in chosen], dtype=np.float64
        )
        notes.append(gain_note(question, opening.marginal, cost, result.gain_unit))
    return notes


def gain_note(question: Question, marginal: Floats, cost: Floats, gain_unit: str) -> Note:
    """Return the note on the site after which none adds `min_gain` for each 10,000 yuan.

    Parameters
    ----------
    marginal, cost
        What each site adds after those before it, and its cost (10,000 yuan; NaN: unknown), in the order of opening, shape (n_sites,).
    gain_unit
        Unit of what sites add.

    Examples
    --------
    >>> question = Question(name="q", ask="cover", sites=3, min_gain=2.0)
    >>> print(gain_note(question, np.array([90.0, 30.0, 4.0]), np.array([10.0, 10.0, 20.0]), "people").found("en"))
    question `q`: in the order of opening no site after the first 2 adds 2 people per 10,000 yuan; the 1 after them cost 20 (10,000 yuan) and add 4 of 124 people
    """
    least, unknown = question.min_gain or 0.0, int(np.isnan(cost).sum())
    if unknown:
        return Note.of("siting_gain_unknown", severity="info", question=question.name, count=unknown)
    worth = np.flatnonzero(marginal >= least * cost * (1.0 - ROUNDING_TOLERANCE))
    count = int(worth[-1]) + 1 if len(worth) else 0
    return Note.of(
        "siting_gain_falls",
        severity="info",
        question=question.name,
        count=count,
        rest=len(cost) - count,
        least=least,
        cost=f"{cost[count:].sum():,.10g}",
        gain=f"{marginal[count:].sum():,.0f}",
        total=f"{marginal.sum():,.0f}",
        unit_zh=unit(gain_unit, "zh"),
        unit_en=unit(gain_unit, "en"),
    )


def title(answer: Answer, sentence: str, lang: str) -> str:
    """Return a question in words and, where it cannot be met in full, what is reached instead."""
    if answer.short is None:
        return sentence
    return phrase("siting_title_short", lang, question=sentence, short=answer.short)


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
        Year from which they count; None: the last of their phase. An amount that no source states stays unknown.
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
