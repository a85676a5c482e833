"""Proposed sites (规划点位): those of the adopted answer in the form of a project list, those of the others, and sentences on them.

The headers of the table of sites are those of a project list (项目库), so that `geoplan.inputs.projects` reads its sheet back as one.
A generated place is called 意向区域 wherever it stands and never by an address. Nothing is written where no siting question was asked.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.report.content import answers
from geoplan.report.content.answers import SitingAnswer, adopted, amount_format
from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.projects import (
    construction_cell,
    cost_source,
    facility_types,
    size_text,
    support_table,
    zones_cell,
)
from geoplan.report.content.registry import listed
from geoplan.report.content.site_effects import effect_sentences
from geoplan.report.content.table import Amount, Cell, Coded, Listed, Table, unit_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import unit
from geoplan.words.numbers import format_number

#: Values that differ by less are the same value.
ROUNDING_TOLERANCE = 1e-9

Row = Mapping[str, Any]


def asked(outcome: Outcome) -> bool:
    """Return whether the study asked where to build; where it did not, no page says anything of siting."""
    return not (empty(outcome.answers) and empty(outcome.sites))


def chosen(outcome: Outcome) -> gpd.GeoDataFrame:
    """Return the sites of the adopted answer in order of opening, indexed by site_id."""
    answer = adopted(outcome)
    return outcome.sites.iloc[:0] if answer is None else of_answer(outcome, answer)


def of_answer(outcome: Outcome, answer: SitingAnswer) -> gpd.GeoDataFrame:
    """Return the sites of an answer in order of opening, indexed by site_id."""
    if empty(outcome.sites):
        return outcome.sites.iloc[:0]
    own = outcome.sites[outcome.sites["question"] == answer.question]
    return own.sort_values("order", kind="stable")


def phases(sites: pd.DataFrame) -> tuple[int, ...]:
    """Return the years in which the phases end, first to last; empty without phases."""
    return () if empty(sites) else tuple(sorted({int(year) for year in sites["phase"].dropna()}))


def phase_places(sites: pd.DataFrame) -> list[int]:
    """Return the place of each site's phase among `phases`, 0 where it has none."""
    order = {year: place for place, year in enumerate(phases(sites))}
    return [order[int(year)] if present(year) else 0 for year in sites.get("phase", ())]


def phase_name(year: object, lang: str) -> str:
    """Return a phase in words: 至2030年; nothing without a year."""
    return phrase("sites_by", lang, year=f"{float(year):.0f}") if present(year) else ""  # type: ignore[arg-type]


def is_generated(site: Row) -> bool:
    """Return whether nobody has offered the place."""
    return present(site["generated"]) and bool(site["generated"])


def place_text(names: Names, site: Row) -> str:
    """Return the address as printed, or 意向区域 with the zone's name: a generated place has no address."""
    if not is_generated(site):
        return text(site["place"])
    if not present(site["zone_id"]):
        return phrase("sites_intent_area", names.lang)
    return phrase("sites_intent_in", names.lang, zone=names.zone(site["zone_id"]))


def lonlat(table: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    """Return longitude and latitude (WGS 84) of each row's point, NaN where it has none."""
    points = table.geometry if table.crs is None else table.geometry.to_crs("EPSG:4326")
    none = points.isna() | points.is_empty
    return [
        (math.nan, math.nan) if gone else (round(point.x, 6), round(point.y, 6))
        for point, gone in zip(points, none, strict=True)
    ]


# --- tables ---------------------------------------------------------------------------------------------------------


@listed(120, "workbook", "csv")
def sites_table(outcome: Outcome) -> Table | None:
    """Return 选址方案: the sites of the adopted answer in order of opening; None where there are none."""
    return sites_of(outcome, chosen(outcome))


def sites_of(outcome: Outcome, own: gpd.GeoDataFrame) -> Table | None:
    """Return the table of some of the adopted sites, e.g. those of one town; None without any."""
    answer = adopted(outcome)
    return None if answer is None else table_of_answer(outcome, answer, own)


def table_of_answer(outcome: Outcome, answer: SitingAnswer, own: gpd.GeoDataFrame) -> Table | None:
    """Return the table of some of an answer's sites; None without any."""
    if empty(own):
        return None
    lang, title = outcome.lang, phrase("sites_title", outcome.lang)
    keys, rows = _cells(Names(outcome), own, {answer.question: answer.unit})
    notes = [gain_note(outcome, answer), cost_note(own, lang), intent_note(own, lang)]
    details = [*sentences_of(outcome, answer)]
    if lang == "zh":  # the reader of project lists knows Chinese headers only
        details.append(phrase("sites_as_projects", lang, sheet=title))
    return table_of(
        "sites", lang, keys, rows, frozen=2, notes=tuple(filter(None, notes)), details=tuple(filter(None, details)),
    )  # fmt: skip


@listed(170, "workbook", "csv")
def other_sites_table(outcome: Outcome) -> Table | None:
    """Return 其他方案点位: the sites of the answers that were not adopted, by question; None where there are none."""
    own = outcome.sites[~outcome.sites.index.isin(chosen(outcome).index)]
    if empty(own):
        return None
    lang, every = outcome.lang, answers.answers(outcome)
    order = {answer.question: place for place, answer in enumerate(every)}
    own = own.sort_values(
        ["question", "order"], kind="stable",
        key=lambda values: values.map(order) if values.name == "question" else values,
    )  # fmt: skip
    titles = answers.titles(outcome)
    keys, rows = _cells(Names(outcome), own, {answer.question: answer.unit for answer in every})
    rows = [
        [str(question), titles.get(str(question), str(question)), *row]
        for question, row in zip(own["question"], rows, strict=True)
    ]
    notes = (phrase("sites_other_note", lang),)
    return table_of("sites_other", lang, ("question", "question_text", *keys), rows, notes=notes, frozen=4)


def every_site(outcome: Outcome) -> Table | None:
    """Return the sites of every answer in their order, each with its question and whether it is adopted; None without any."""
    own, lang = outcome.sites, outcome.lang
    if empty(own):
        return None
    every = {answer.question: answer for answer in answers.answers(outcome)}
    keys, rows = _cells(Names(outcome), own, {question: answer.unit for question, answer in every.items()})
    rows = [
        [str(question), Coded("yes" if question in every and every[question].adopted else "no"), *row]
        for question, row in zip(own["question"], rows, strict=True)
    ]
    return table_of("sites", lang, ("question", "adopted", *keys), rows)


def _cells(
    names: Names, own: gpd.GeoDataFrame, units: Mapping[str, str]
) -> tuple[tuple[str, ...], list[list[Cell]]]:
    """Return the keys of the columns and a row a site."""
    lang = names.lang
    above = [level for level in (*names.levels_between(), names.finest()) if level in ("town", "community")]
    # a study whose sites enlarge nothing has no column of it
    enlarges = ("extends",) if own["extends"].map(present).any() else ()
    keys = (
        "order_no", "name", "works", "place", "zone_code", *above, "services", "size", "added_beds", "added_places", "floor_area_m2",
        "cost", "cost_from", "phase", "serves", "indicators", "gain", "marginal", "total", "gain_unit", "generated",
        "lon", "lat", *enlarges,
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for row, (lon, lat) in zip(rows_of(own), lonlat(own), strict=True):
        unit_code = text(row.get("gain_unit")) or units.get(str(row["question"]), "")
        form = amount_format(unit_code)
        rows.append([
            Amount.of(row["order"], "count"), text(row["name"]), construction_cell(row["works"], lang),
            place_text(names, row), names.code(row["zone_id"]), *(names.above(row["zone_id"], level) for level in above),
            facility_types(row["services"], lang), size_text(row, lang),
            *(Amount.of(row[key], "count") for key in ("beds", "places", "floor_area_m2")),
            Amount.of(row["cost"], "cost"), cost_source(row["cost_from"], lang),
            Amount.of(row["phase"], "year"), zones_cell(names, row["serves"]), _indicators(names, row["indicators"]),
            *(Amount.of(row[key], form) for key in ("gain", "marginal", "total")), unit_cell(unit_code, lang),
            Coded("yes" if is_generated(row) else "no"), Amount.of(lon, "degrees"), Amount.of(lat, "degrees"),
            *([Coded.of(row["extends"], names.facility(row["extends"]))] if enlarges else []),
        ])  # fmt: skip
    return keys, rows


def _indicators(names: Names, rules: Sequence[str]) -> Listed:
    """Return the indicators that plans set; a study's own circles only where there are no others."""
    of_plans = [rule for rule in rules if names.of_rule(rule, "pack") != "study"] or rules
    by_name = {names.rule(rule): rule for rule in reversed(of_plans)}
    return Listed(tuple(Coded(rule, name) for name, rule in reversed(by_name.items())))


@listed(130, "workbook", "csv")
def site_support_table(outcome: Outcome) -> Table | None:
    """Return 选址方案对指标的支撑测算: every finding before and after the adopted sites; None where that was not judged."""
    return support_table(outcome, outcome.site_support, built=outcome.sites, key="site_support")


def changed_support_table(outcome: Outcome) -> Table | None:
    """Return the rows of `site_support_table` that the sites change: verdict, value or shortfall; None without any."""
    table = outcome.site_support
    if empty(table):
        return None
    moved = table["verdict_before"] != table["verdict_after"]
    for before, after in (("actual_before", "actual_after"), ("shortfall_before", "shortfall_after")):
        one, other = (pd.to_numeric(table[key]).astype(float) for key in (before, after))
        moved |= ~(((one - other).abs() <= ROUNDING_TOLERANCE) | (one == other) | (one.isna() & other.isna()))
    return support_table(outcome, table[moved], built=outcome.sites, key="site_support")


# --- sentences ------------------------------------------------------------------------------------------------------


def lead(outcome: Outcome) -> tuple[str, ...]:
    """Return the sentences that open every section on siting: what is proposed, what it achieves, what is proven, what stays."""
    lang, sites = outcome.lang, chosen(outcome)
    answer = adopted(outcome)
    if answer is None:
        return (phrase("sites_not_adopted", lang),)
    said = [*answer_sentences(outcome), phases_sentence(sites, lang)]
    if not empty(outcome.site_support):
        before, after = outcome.site_support["verdict_before"], outcome.site_support["verdict_after"]
        won, left = int(((before != "met") & (after == "met")).sum()), int((after == "not_met").sum())
        said.append(phrase("sites_won", lang, won=won, left=left))
    said += effect_sentences(outcome, answer.question)
    return tuple(filter(None, (*said, answers.unmet_sentence(outcome))))


def answer_sentences(outcome: Outcome) -> tuple[str, ...]:
    """Return what was asked and is proposed, then what was found and is proven of it; nothing where no answer is adopted."""
    answer = adopted(outcome)
    return () if answer is None else sentences_of(outcome, answer)


def sentences_of(outcome: Outcome, answer: SitingAnswer) -> tuple[str, ...]:
    """Return what was asked and is proposed by an answer, then what was found and is proven of it."""
    lang, sites = outcome.lang, of_answer(outcome, answer)
    proposed = phrase(
        "sites_lead", lang, question=answer.title, model=answer.model(lang), count=format_number(len(sites), "count"),
        candidates=format_number(answer.candidates, "count"), intent=_intent_count(sites, lang),
        cost=cost_sentence(sites, lang),
    )  # fmt: skip
    return (proposed, _found(answer, lang))


def said_of(outcome: Outcome, answer: SitingAnswer) -> str:
    """Return what is proposed, found and proven, for a page whose heading is the question."""
    lang, sites = outcome.lang, of_answer(outcome, answer)
    proposed = phrase(
        "sites_proposed", lang, count=format_number(len(sites), "count"), candidates=format_number(answer.candidates, "count"),
        intent=_intent_count(sites, lang), cost=cost_sentence(sites, lang),
    )  # fmt: skip
    return phrase("join_semicolon", lang).join((proposed, _found(answer, lang))) + phrase("stop", lang)


def _found(answer: SitingAnswer, lang: str) -> str:
    """Return what was found and what is proven of it."""
    bound = ""
    if answer.status == "within" and not math.isnan(answer.bound):
        value = answer.value(answer.bound, lang)
        bound = phrase("sites_aim_bound", lang, name=answer.bound_name(lang), bound=value)
    return phrase(
        "sites_aim", lang, aim=answer.aim, bound=bound, proof=answer.proof(lang),
        **{key: answer.value(getattr(answer, key), lang) for key in ("before", "objective", "recount")},
    )  # fmt: skip


def cost_sentence(sites: pd.DataFrame, lang: str) -> str:
    """Return what the sites cost in all, and how many costs are not known: a part, without a stop at its end."""
    known, unknown = sites["cost"].dropna(), int(sites["cost"].isna().sum())
    if known.empty:
        return phrase("sites_cost_unknown", lang)
    cost = format_number(float(known.sum()), "cost")
    return phrase("sites_cost_part" if unknown else "sites_cost_all", lang, cost=cost, count=unknown)


def _intent_count(sites: pd.DataFrame, lang: str) -> str:
    count = sum(is_generated(row) for row in rows_of(sites))
    return phrase("sites_intent_count", lang, count=count) if count else ""


def phases_sentence(sites: pd.DataFrame, lang: str) -> str:
    """Return how many sites are open by the end of each phase; nothing with fewer than two phases."""
    years = phases(sites)
    if len(years) < 2:
        return ""
    parts = [
        phrase("sites_phase_part", lang, year=year, count=int((sites["phase"] <= year).sum()))
        for year in years
    ]
    return phrase("sites_phases", lang, parts=phrase("join_comma", lang).join(parts))


def gain_note(outcome: Outcome, answer: SitingAnswer) -> str:
    """Return what the columns of gains count, and their unit."""
    unit_code = answers.gain_unit(outcome, answer)
    return phrase("sites_gain_note", outcome.lang, unit=unit(unit_code, outcome.lang))


def cost_note(sites: pd.DataFrame, lang: str) -> str:
    """Return how many of the costs come from which source; nothing where all are stated or none is known."""
    sources = [cost_source(row["cost_from"], lang) for row in rows_of(sites)]
    counts: dict[str, int] = {}
    for source in filter(None, sources):
        counts[source.text(lang)] = counts.get(source.text(lang), 0) + 1
    if all(source is None or source.code == "stated" for source in sources):
        return ""
    parts = [phrase("sites_cost_source", lang, source=said, count=count) for said, count in counts.items()]
    return phrase("sites_cost_note", lang, parts=phrase("join_items", lang).join(parts))


def intent_note(sites: pd.DataFrame, lang: str) -> str:
    """Return what an area of intent is; nothing where no place is generated."""
    return phrase("sites_intent_note", lang) if sites["generated"].astype(bool).any() else ""
