"""Sheets on siting (选址) beside the sites: every question, the gain curve with its chart, what stays unmet, and the candidates.

Nothing is written where no siting question was asked.
"""

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.report import look
from geoplan.report.content import sites_facts
from geoplan.report.content.sheet import (
    Cell,
    Chart,
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
from geoplan.report.content.sites import cost_from_width, labels_of, two_lines, value_kind
from geoplan.report.look import curve_chart
from geoplan.tables import Outcome

#: Most candidates that the workbook lists; the layer ``candidates`` holds all of them.
MOST_CANDIDATES = 5000
#: Half widths that a chart's title has room for.
_TITLE = 84
#: Columns of the candidates' sheet that stand only where a candidate has something in them: column, kind, width.
_OPTIONAL = (
    ("storey", "text", 8.0),
    ("ownership", "text", 12.0),
    ("usable_years", "whole", 8.0),
    ("from_year", "id", 8.0),
    ("most_beds", "whole", 8.0),
    ("most_places", "whole", 8.0),
    ("cost", "whole", 10.0),
    ("cost_unit", "rate", 9.0),
    ("cost_from", "text", 18.0),
    ("rule", "text", 9.0),
    ("either_or", "text", 9.0),
    ("land_code", "text", 9.0),
    ("extends", "text", 14.0),
)


def answers(outcome: Outcome) -> Sheet | None:
    """Return 选址问题: a row a question, with what was found and what is proven of it; None where none was asked."""
    if empty(outcome.answers):
        return None
    lang = outcome.lang
    columns = [
        Column(look.label("serial", lang), "whole", 5),
        Column(word("sites_question_name", lang), "text", 14),
        Column(word("sites_question", lang), "text", 34),
        Column(look.label("siting_page_model", lang), "text", 22),
        Column(look.label("siting_page_status", lang), "text", 22),
        Column(word("sites_adopted", lang), "text", 7),
        Column(word("sites_aim", lang), "text", 15),
        Column(look.label("unit", lang), "text", 7),
        Column(look.label("siting_page_before", lang), "rate", 10),
        Column(look.label("siting_page_objective", lang), "rate", 10),
        Column(look.label("siting_page_bound", lang), "rate", 10),
        Column(word("sites_gap", lang), "share", 9),
        Column(look.label("siting_page_recount", lang), "rate", 10),
        Column(word("sites_count", lang), "whole", 7),
        Column(word("project_cost", lang), "whole", 10),
        Column(word("sites_candidates", lang), "whole", 9),
        Column(word("sites_nodes", lang), "whole", 8),
        Column(word("sites_repeatable", lang), "text", 10),
    ]
    rows = [[place, *_answer_row(row, lang)] for place, row in enumerate(rows_of(outcome.answers), start=1)]
    notes = (word("sites_answers_note", lang), look.label("siting_page_questions_note", lang))
    return Sheet(word("sites_answers_sheet", lang), (block_of(two_lines(columns), rows),), notes, 3)


def _answer_row(row: Mapping[str, Any], lang: str) -> list[Value | Cell]:
    kind = value_kind(row["unit"])
    gap = number(row["gap"], "share")
    if isinstance(gap, Cell):  # never less than it is
        gap = Cell(math.ceil(round(gap.value * 1000, 6)) / 1000, "share")

    def said(key: str) -> str:
        return look.label("yes" if present(row[key]) and bool(row[key]) else "no", lang)

    return [
        text(row["question"]),
        text(row["label"]),
        sites_facts.model(row["ask"], lang),
        sites_facts.proof(row, lang),
        said("adopted"),
        text(row["aim"]),
        look.unit(row["unit"], lang),
        *(number(row[key], kind) for key in ("before", "objective", "bound")),
        gap,
        number(row["recount"], kind),
        *(number(row[key], "whole") for key in ("sites", "cost", "candidates", "nodes")),
        said("repeatable"),
    ]


def _asked_notes(outcome: Outcome, table: pd.DataFrame) -> list[str]:
    """Return a line a question of a table: its name and its words."""
    asked = labels_of(outcome)
    return [
        word("sites_question_line", outcome.lang, name=name, question=asked.get(str(name), str(name)))
        for name in dict.fromkeys(table["question"])
    ]


def curve(outcome: Outcome) -> Sheet | None:
    """Return 选址增益曲线: what so many sites achieve and what none can better, with a chart a question; None without any."""
    if empty(outcome.curve):
        return None
    lang = outcome.lang
    units = dict(zip(outcome.answers["question"], outcome.answers["unit"].map(text), strict=True))
    columns = [
        Column(word("sites_question_name", lang), "text", 15),
        Column(look.label("siting_page_curve_x", lang), "whole", 10),
        Column(look.label("siting_page_curve_best", lang), "rate", 11),
        Column(look.label("unit", lang), "text", 7),
        Column(word("sites_marginal", lang), "rate", 10),
        Column(look.label("siting_page_bound", lang), "rate", 11),
        Column(word("sites_curve_share", lang), "share", 12),
    ]
    table = outcome.curve.sort_values("sites", kind="stable")
    rows: list[list[Value | Cell]] = []
    charts = []
    for question in dict.fromkeys(outcome.curve["question"]):
        own = table[table["question"] == question]
        unit, first = units.get(question, ""), len(rows)
        kind = value_kind(unit)
        added = gains(own["objective"].astype(float))
        for row, gain in zip(rows_of(own), added, strict=True):
            cells = [number(row["objective"], kind), look.unit(unit, lang)]
            more = [number(gain, kind), number(row["bound"], kind), number(row["share"], "share")]
            rows.append([text(question), number(row["sites"], "whole"), *cells, *more])
        said = word("sites_curve_title", lang, question=text(question))
        # of a question in phases the curve counts the last one, and its aim all: the axis names neither
        best = look.label("siting_page_curve_best", lang)
        y = word("sites_curve_y", lang, what=best, unit=look.unit(unit, lang))
        title = _cut(said, _TITLE)
        low = _foot(own[["objective", "bound"]].to_numpy(dtype=float))
        charts.append(Chart(title, first, len(rows) - 1, 1, (2, 5), (columns[1].header, y), low))
    cut = any(chart.low for chart in charts)
    notes = [*_asked_notes(outcome, outcome.curve), word("sites_curve_note", lang)]
    notes += [word("sites_curve_cut", lang)] if cut else []
    return Sheet(
        word("sites_curve_sheet", lang),
        (block_of(two_lines(columns), rows),),
        tuple(notes),
        2,
        charts=tuple(charts),
    )


def _cut(said: str, most: int) -> str:
    """Return a text in at most so many half widths: a Chinese character takes two.

    Examples
    --------
    >>> _cut("增益曲线", 8), _cut("增益曲线", 7), _cut("gain", 3)
    ('增益曲线', '增益曲…', 'ga…')
    """
    widths = np.cumsum([2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in said])
    if not len(said) or widths[-1] <= most:
        return said
    return said[: int((widths < most).sum())] + "…"


def _foot(values: npt.NDArray[np.float64]) -> float:
    """Return where the axis of a curve begins: at zero, or at a round value where all of it lies far above."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0
    low, high = float(known.min()), float(known.max())
    if not curve_chart.FROM_ZERO * high < low < high:
        return 0.0
    return curve_chart.ticks(low, high)[0]


def gains(objective: pd.Series) -> list[float]:
    """Return what each further site adds: the rise where more is better, the fall where less is; NaN where nothing stands before.

    Examples
    --------
    >>> gains(pd.Series([10.0, 60.0, 80.0])), gains(pd.Series([math.nan, 9.0, 7.0]))
    ([nan, 50.0, 20.0], [nan, nan, 2.0])
    """
    steps = objective.diff()
    return [float(step) for step in (-steps if steps.sum() < 0 else steps)]


def unmet(outcome: Outcome) -> Sheet | None:
    """Return 未补齐单元: zones that keep a gap or stay out of reach, by question and phase, and why; None where there are none."""
    if empty(outcome.unmet):
        return None
    lang, names = outcome.lang, Names(outcome)
    above = names.levels_between()
    columns = [
        Column(look.label("serial", lang), "whole", 6),
        Column(word("sites_question_name", lang), "text", 16),
        *(Column(look.label(level, lang), "text", 14) for level in above),
        Column(look.label("zone", lang), "text", 18),
        Column(word("sites_phase_end", lang), "id", 10),
        Column(look.label("siting_page_unmet_gap", lang), "whole", 10, "short"),
        Column(look.label("unit", lang), "text", 8),
        Column(look.label("siting_page_unmet_why", lang), "text", 28),
    ]
    rows: list[list[Value | Cell]] = [
        [
            place,
            text(row["question"]),
            *(
                names.above(row["zone_id"], level) if names.level(row["zone_id"]) != level else ""
                for level in above
            ),
            names.zone(row["zone_id"]),
            number(row["phase"], "id"),
            number(row["gap"], "whole"),
            look.unit(row["unit"], lang),
            sites_facts.why_said(row["why"], lang),
        ]
        for place, row in enumerate(rows_of(outcome.unmet), start=1)
    ]
    notes = (*_asked_notes(outcome, outcome.unmet), word("sites_unmet_note", lang))
    return Sheet(word("sites_unmet_sheet", lang), (block_of(two_lines(columns), rows),), notes, 2)


def candidates(outcome: Outcome) -> Sheet | None:
    """Return 备选点位: every candidate, at most `MOST_CANDIDATES`, the adopted ones always among them; None without any."""
    if empty(outcome.candidates):
        return None
    lang, names, table = outcome.lang, Names(outcome), outcome.candidates
    chosen = sites_facts.chosen(outcome)
    order = {} if empty(chosen) else dict(zip(chosen["candidate_id"], chosen["order"], strict=True))
    listed = listed_candidates(table, set(order), most=MOST_CANDIDATES)
    wider = {"cost_from": cost_from_width(table, lang)}
    more = [
        (key, kind, wider.get(key, width)) for key, kind, width in _OPTIONAL if table[key].map(present).any()
    ]
    columns = [
        Column(look.label("serial", lang), "whole", 6),
        Column(look.label("name", lang), "text", 20),
        Column(word("sites_kind", lang), "text", 11),
        Column(word("sites_adopted_order", lang), "whole", 8),
        Column(word("project_works", lang), "text", 9.5),
        Column(look.label("zone", lang), "text", 14),
        Column(word("sites_may_hold", lang), "text", 18),
        Column(word("project_floor_area_m2", lang), "whole", 10),
        *(Column(word(f"sites_candidate_{key}", lang), kind, width) for key, kind, width in more),
        Column(look.label("location", lang), "text", 11),
        Column(look.label("source_file", lang), "text", 18),
        Column(look.label("source_row", lang), "whole", 7),
    ]
    rows: list[list[Value | Cell]] = [
        [
            place,
            text(row["name"]),
            word(f"sites_kind_{'generated' if sites_facts.is_generated(row) else 'offered'}", lang),
            number(order.get(key), "whole"),
            sites_facts.works_said(row, lang),
            names.zone(row["zone_id"]) if present(row["zone_id"]) else "",
            sites_facts.services_said(row, lang) or word("sites_any", lang),
            number(row["floor_area_m2"], "whole"),
            *(_candidate_cell(row, name, kind, names) for name, kind, _ in more),
            word("sites_located_generated", lang)
            if sites_facts.is_generated(row)
            else look.label(row["location_quality"], lang),
            text(row["source_file"]),
            number(row["source_row"], "whole"),
        ]
        for place, (key, row) in enumerate(zip(listed.index, rows_of(listed), strict=True), start=1)
    ]
    offered = int((~table["generated"].astype(bool)).sum())
    counts = {"count": look.whole(len(table)), "offered": look.whole(offered)}
    notes = [word("sites_candidates_note", lang, generated=look.whole(len(table) - offered), **counts)]
    if len(listed) < len(table):
        notes.append(
            word("sites_candidates_cut", lang, shown=look.whole(len(listed)), count=look.whole(len(table)))
        )
    if offered < len(table):
        notes.append(look.label("siting_page_intent_note", lang))
    return Sheet(word("sites_candidates_sheet", lang), (block_of(two_lines(columns), rows),), tuple(notes), 2)


def listed_candidates(table: gpd.GeoDataFrame, chosen: set[str], *, most: int) -> gpd.GeoDataFrame:
    """Return at most `most` candidates in their order: the first ones, and all that were chosen."""
    if len(table) <= most:
        return table
    mine = table.index.isin(list(chosen))
    room = max(most - int(mine.sum()), 0)
    return table[mine | ((~mine).cumsum() <= room)]


def _candidate_cell(row: Mapping[str, Any], name: str, kind: str, names: Names) -> Value | Cell:
    value = row[name]
    if kind != "text":
        return number(value, kind)
    if name == "rule" and value in ("required", "forbidden"):
        return word(f"sites_{value}", names.lang)
    if name == "extends":
        return names.facility(value) if present(value) else ""
    if name == "cost_from":
        return sites_facts.cost_from_said(row, names.lang)
    return text(value)
