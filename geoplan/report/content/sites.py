"""Sheets of sites (规划点位): those of the adopted answer as a project list, those of the others, and what the sites do.

The sheet of the sites has the headers of a project list (项目库), so that `geoplan.inputs.projects` reads it back as one. Nothing is
written where no siting question was asked.
"""

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.report import look
from geoplan.report.content import projects as sheets_projects
from geoplan.report.content import sites_facts
from geoplan.report.content.sheet import (
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    block_of,
    empty,
    number,
    present,
    rows_of,
    text,
    word,
)
from geoplan.tables import Outcome

#: Units whose amounts are whole; all others are printed with decimals.
_WHOLE = (
    "people",
    "cost",
    "beds",
    "places",
    "m2",
    "m",
    "sites",
    "facilities",
    "communities",
    "zones",
    "staff",
)
_LONLAT = "EPSG:4326"


def sites(outcome: Outcome) -> Sheet | None:
    """Return 选址方案: the sites of the adopted answer in the form of a project list; None where there are none."""
    answer, own = sites_facts.adopted(outcome), sites_facts.chosen(outcome)
    if answer is None or empty(own):
        return None
    lang, names = outcome.lang, Names(outcome)
    columns = _site_columns(names, own)
    rows = _site_rows(names, own, {str(answer["question"]): text(answer["unit"])})
    notes = [
        *answer_notes(answer, lang),
        _count_note(answer, own, lang),
        word("sites_gain_note", lang, unit=look.unit(_gain_unit(rows_of(own)[0], answer["unit"]), lang)),
        look.label("siting_page_intent_note", lang) if own["generated"].astype(bool).any() else "",
        # the reader of project lists knows Chinese words only
        word("sites_as_projects", lang, sheet=word("sites_sheet", lang)) if lang == "zh" else "",
    ]
    said = tuple(note for note in notes if note)
    return Sheet(word("sites_sheet", lang), (block_of(two_lines(columns), rows),), said, 2)


def other_sites(outcome: Outcome) -> Sheet | None:
    """Return 其他方案点位: the sites of the answers that were not adopted, by question; None where there are none."""
    if empty(outcome.sites):
        return None
    own = outcome.sites[~outcome.sites.index.isin(sites_facts.chosen(outcome).index)]
    if empty(own):
        return None
    lang, names = outcome.lang, Names(outcome)
    order = {name: place for place, name in enumerate(outcome.answers["question"])}
    own = own.sort_values(
        ["question", "order"],
        key=lambda values: values.map(order) if values.name == "question" else values,
        kind="stable",
    )
    asked = labels_of(outcome)
    units = dict(zip(outcome.answers["question"], outcome.answers["unit"].map(text), strict=True))
    columns = [
        Column(word("sites_question", lang), "text", 24),
        *_site_columns(names, own),
        Column(word("layer_gain_unit", lang), "text", 9),
    ]
    rows = [
        [
            asked.get(str(site["question"]), text(site["question"])),
            *row,
            look.unit(_gain_unit(site, units.get(str(site["question"]), "")), lang),
        ]
        for site, row in zip(rows_of(own), _site_rows(names, own, units), strict=True)
    ]
    return Sheet(
        word("sites_other_sheet", lang),
        (block_of(two_lines(columns), rows),),
        (word("sites_other_note", lang),),
        3,
    )


def answer_notes(answer: Mapping[str, Any], lang: str) -> list[str]:
    """Return the lines that say what was asked, what was found, and what is proven of it."""
    model = sites_facts.model(answer["ask"], lang)
    found = [
        word("sites_asked", lang, question=text(answer["label"]) or text(answer["question"]), model=model)
    ]
    if not present(answer["objective"]):
        return [*found, word("sites_status_line", lang, proof=sites_facts.proof(answer, lang))]
    told = {
        key: sites_facts.value_said(answer[key], answer["unit"], lang)
        for key in ("before", "objective", "bound", "recount")
    }
    aim, proof = text(answer["aim"]), sites_facts.proof(answer, lang)
    return [*found, word("sites_found", lang, aim=aim, proof=proof, **told)]


def _count_note(answer: Mapping[str, Any], own: pd.DataFrame, lang: str) -> str:
    looked = look.whole(float(answer["candidates"])) if present(answer["candidates"]) else "—"
    return word(
        "sites_looked", lang, candidates=looked, count=len(own), intent=sites_facts.intent_said(own, lang),
        cost=sites_facts.cost_sum_said(own, lang),
    )  # fmt: skip


def labels_of(outcome: Outcome) -> dict[str, str]:
    """Return the words of every question by its name."""
    table = outcome.answers
    if empty(table):
        return {}
    return {str(q): text(said) or str(q) for q, said in zip(table["question"], table["label"], strict=True)}


def two_lines(columns: list[Column]) -> list[Column]:
    """Return columns whose headers have what stands in brackets on a line of its own: a bracket alone on a line reads badly."""
    return [
        dataclasses.replace(
            column, header=re.sub(r"(?<=\S)\s*([（(][^（(）)]+[）)])$", r"\n\1", column.header)
        )
        for column in columns
    ]


def value_kind(unit: object) -> str:
    """Return the number format of an amount in a unit: ``whole``, ``share``, or ``rate`` where decimals matter.

    Examples
    --------
    >>> value_kind("beds"), value_kind("share"), value_kind("minutes")
    ('whole', 'share', 'rate')
    """
    return "share" if unit == "share" else "whole" if unit in _WHOLE else "rate"


def _site_columns(names: Names, own: pd.DataFrame) -> list[Column]:
    lang = names.lang
    # packs may count one facility under a dozen indicators: room for them, so that rows stay low on paper
    several = max(len(_of_plans(names, rules)) for rules in own["indicators"])
    found = [
        Column(look.label("serial", lang), "whole", 5),
        Column(look.label("name", lang), "text", 17),
        Column(word("project_works", lang), "text", 9.5),
        Column(word("sites_place", lang), "text", 17),
        *(Column(word(f"sites_in_{level}", lang), "text", 10) for level in _above(names)),
        Column(look.label("services", lang), "text", 14),
        *([Column(word("sites_size", lang), "text", 11)] if _sized(own) else []),
        Column(word("project_beds", lang), "whole", 8),
        Column(word("project_places", lang), "whole", 8),
        Column(word("project_floor_area_m2", lang), "whole", 9),
        Column(word("project_cost", lang), "whole", 8),
        Column(word("sites_cost_from", lang), "text", cost_from_width(own, lang)),
        Column(word("sites_phase", lang), "id", 9),
        Column(word("project_serves", lang), "text", 16),
        Column(
            word("sites_indicators", lang), "text", 18.0 if several <= 2 else 30.0 if several <= 5 else 46.0
        ),
        Column(word("sites_gain", lang), "rate", 8),
        Column(word("sites_marginal", lang), "rate", 8),
        Column(word("sites_total", lang), "rate", 8),
        Column(word("sites_generated", lang), "text", 8),
        Column(word("sites_lon", lang), "degrees", 11),
        Column(word("sites_lat", lang), "degrees", 10),
    ]
    if own["extends"].map(present).any():
        found.append(Column(word("sites_extends", lang), "text", 14))
    return found


def _of_plans(names: Names, rules: object) -> tuple[str, ...]:
    """Return the rules that plans set; a study's own circles only where there are no others."""
    every = tuple(str(rule) for rule in _several(rules))
    return tuple(rule for rule in every if names.of_rule(rule, "pack") != "study") or every


def cost_from_width(table: pd.DataFrame, lang: str) -> float:
    """Return how wide the sources of costs stand: names of files break badly."""
    longest = max((len(sites_facts.cost_from_said(row, lang)) for row in rows_of(table)), default=0)
    return 12.0 if longest <= 9 else 19.0 if longest <= 20 else 32.0


def _sized(own: pd.DataFrame) -> bool:
    """Return whether the question has sizes."""
    return bool(own["size"].map(present).any())


def _gain_unit(row: Mapping[str, Any], unit: object) -> str:
    """Return the unit of what a site adds: its own, else that of the answer's objective."""
    return text(row.get("gain_unit")) or text(unit)


def _above(names: Names) -> list[str]:
    """Return the levels of zones that are named beside a place: towns and communities, as far as there are any."""
    return [level for level in (*names.levels_between(), names.finest()) if level in ("town", "community")]


def _site_rows(names: Names, own: gpd.GeoDataFrame, units: Mapping[str, str]) -> list[list[Value | Cell]]:
    lang = names.lang
    joint = "、" if lang == "zh" else ", "
    enlarges = own["extends"].map(present).any()
    places, sized = lonlat(own), _sized(own)
    found: list[list[Value | Cell]] = []
    for row, (lon, lat) in zip(rows_of(own), places, strict=True):
        kind = value_kind(_gain_unit(row, units.get(str(row["question"]), "")))
        cells: list[Value | Cell] = [
            number(row["order"], "whole"),
            text(row["name"]),
            sites_facts.works_said(row, lang),
            sites_facts.place_said(names, row),
            *(names.above(row["zone_id"], level) for level in _above(names)),
            sites_facts.services_said(row, lang),
            *([size_said(row, lang)] if sized else []),
            *(number(row[key], "whole") for key in ("beds", "places", "floor_area_m2", "cost")),
            sites_facts.cost_from_said(row, lang),
            number(row["phase"], "id"),
            joint.join(names.zone(zone) for zone in _several(row["serves"])),
            joint.join(dict.fromkeys(names.rule(rule) for rule in _of_plans(names, row["indicators"]))),
            *(number(row[key], kind) for key in ("gain", "marginal", "total")),
            look.label("yes" if sites_facts.is_generated(row) else "no", lang),
            number(lon, "degrees"),
            number(lat, "degrees"),
        ]
        found.append([*cells, names.facility(row["extends"])] if enlarges else cells)
    return found


def size_said(row: Mapping[str, Any], lang: str) -> str:
    """Return a site's size as a project list says it: ``床位39张``, ``建筑面积750平方米``; nothing where there is none.

    Examples
    --------
    >>> size_said({"size": 39.0, "unit": "beds"}, "zh"), size_said({"size": 750.0, "unit": "m2"}, "en")
    ('床位39张', 'floor area 750 m²')
    """
    unit = text(row["unit"])
    if not present(row["size"]) or not unit:
        return ""
    amount = look.whole(float(row["size"])).replace(",", "")
    if unit in ("beds", "places", "m2"):
        return word(f"sites_size_{unit}", lang, amount=amount)
    return f"{amount}{'' if lang == 'zh' else ' '}{look.unit(unit, lang)}"


def _several(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, tuple | list) else ()


def lonlat(table: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    """Return longitude and latitude (WGS 84) of each row's point, NaN where it has none."""
    points = table.geometry
    if table.crs is not None:
        points = points.to_crs(_LONLAT)
    missing = points.isna() | points.is_empty
    return [
        (math.nan, math.nan) if none else (round(point.x, 6), round(point.y, 6))
        for point, none in zip(points, missing, strict=True)
    ]


def site_support(outcome: Outcome) -> Sheet | None:
    """Return 选址方案对指标的支撑测算: every finding before and after the adopted sites; None where that was not judged."""
    lang, own = outcome.lang, outcome.site_support
    if empty(own):
        return None
    # as that of the project list, with sites in the place of projects
    sheet = sheets_projects.support(dataclasses.replace(outcome, support=own, projects=outcome.sites))
    if sheet is None:
        return None
    (block,) = sheet.blocks
    last = dataclasses.replace(block.columns[-1], header=word("layer_sites", lang))
    block = dataclasses.replace(block, columns=(*block.columns[:-1], last))
    notes = (word("sites_support_note", lang),)
    return dataclasses.replace(sheet, name=word("sites_support_sheet", lang), blocks=(block,), notes=notes)
