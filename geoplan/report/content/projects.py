"""Sheets on the project list (项目库), what it does for the indicators, and who has a place in the end (served)."""

from collections.abc import Mapping
from typing import Any

from geoplan.report import look
from geoplan.report.content.findings import verdicts
from geoplan.report.content.sheet import (
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    between,
    block_of,
    empty,
    number,
    present,
    rows_of,
    text,
    value_kind,
    word,
)
from geoplan.tables import LEVELS, Outcome

#: What a project adds, in the order of the sheet: column, and the width of its cells.
ADDED = (
    ("beds", 8.0),
    ("nursing_beds", 9.0),
    ("places", 8.0),
    ("inclusive_places", 9.0),
    ("floor_area_m2", 10.0),
    ("facilities", 7.0),
)
_WORKS = ("new", "extend", "buy", "swap", "rent")


def projects(outcome: Outcome) -> Sheet | None:
    """Return 项目库: a row a project, with what it adds, its cost, years and what it supports; None where there is none."""
    if empty(outcome.projects):
        return None
    lang, names = outcome.lang, Names(outcome)
    columns = [
        Column(look.label("serial", lang), "whole", 5),
        Column(word("project_name", lang), "text", 24),
        Column(word("project_works", lang), "text", 9),
        Column(look.label("services", lang), "text", 16),
        Column(word("project_place", lang), "text", 13),
        *(Column(word(f"project_{key}", lang), "whole", width) for key, width in ADDED),
        Column(word("project_cost", lang), "whole", 10),
        Column(word("project_cost_from", lang), "text", 12),
        Column(word("project_funds", lang), "text", 14),
        Column(word("project_start_year", lang), "id", 7),
        Column(word("project_open_year", lang), "id", 7),
        Column(word("project_unit", lang), "text", 13),
        Column(word("project_serves", lang), "text", 16),
        Column(word("project_indicators", lang), "text", 24),
        Column(look.label("location", lang), "text", 11),
        Column(look.label("source_file", lang), "text", 18),
        Column(look.label("source_row", lang), "whole", 6),
    ]
    table = rows_of(outcome.projects)
    rows: list[list[Value | Cell]] = [
        [position, *_project_row(row, names)] for position, row in enumerate(table, start=1)
    ]
    return Sheet(word("projects_sheet", lang), (block_of(columns, rows),), (projects_sum(outcome),), 2)


def projects_sum(outcome: Outcome) -> str:
    """Return how many projects there are and what they add in all, in a sentence."""
    lang, table = outcome.lang, outcome.projects
    joint = "，" if lang == "zh" else ", "
    parts = [
        word("projects_added", lang, what=word(f"project_{key}", lang), sum=look.whole(table[key].sum()))
        for key in ("beds", "places", "cost")
        if key in table.columns and table[key].notna().any()
    ]
    unstated = int(table["cost"].isna().sum()) if "cost" in table.columns else 0
    if unstated:
        parts.append(word("projects_unstated", lang, count=unstated))
    return joint.join([word("projects_count", lang, count=len(table)), *parts])


def works(code: object, lang: str) -> str:
    """Return the kind of works in words: 新建, 改扩建, 购置, 置换, 租赁."""
    return word(f"works_{code}", lang) if code in _WORKS else text(code)


def _project_row(row: Mapping[str, Any], names: Names) -> list[Value | Cell]:
    lang = names.lang
    joint = "、" if lang == "zh" else ", "
    stated = row.get("cost_from")
    return [
        text(row["name"]),
        works(row["works"], lang),
        joint.join(look.facility_label(kind, lang) for kind in row["services"]),
        names.zone(row["zone_id"]) if present(row["zone_id"]) else "",
        *(number(row.get(key), "whole") for key, _ in ADDED),
        number(row["cost"], "whole"),
        word("cost_stated", lang) if stated == "stated" else text(stated),
        text(row["funds"]),
        number(row["start_year"], "id"),
        number(row["open_year"], "id"),
        text(row["unit"]),
        joint.join(names.zone(zone) for zone in row["serves"]),
        joint.join(names.rule(rule) for rule in row["indicators"]),
        look.label(row["location_quality"], lang),
        text(row["source_file"]),
        number(row["source_row"], "whole"),
    ]


def support(outcome: Outcome) -> Sheet | None:
    """Return 项目库对指标的支撑测算: every finding before and after the projects; None where there is none."""
    if empty(outcome.support):
        return None
    lang, names = outcome.lang, Names(outcome)
    columns = [
        Column(look.label("serial", lang), "whole", 5),
        Column(look.label("indicator", lang), "text", 28),
        Column(look.label("zone", lang), "text", 12),
        Column(word("actual_before", lang), "rate", 10),
        Column(word("actual_after", lang), "rate", 10),
        Column(look.label("required", lang), "rate", 9),
        Column(word("verdict_before", lang), "text", 11, "verdict"),
        Column(word("verdict_after", lang), "text", 11, "verdict"),
        Column(word("shortfall_before", lang), "whole", 9, "short"),
        Column(word("shortfall_after", lang), "whole", 9, "short"),
        Column(look.label("unit", lang), "text", 9),
        Column(word("support_projects", lang), "text", 44),
    ]
    called = {} if empty(outcome.projects) else {str(k): text(v) for k, v in outcome.projects["name"].items()}
    joint = "、" if lang == "zh" else ", "
    rows: list[list[Value | Cell]] = []
    for position, row in enumerate(rows_of(outcome.support), start=1):
        kind = value_kind(names, row["rule_id"])
        rows.append(
            [
                position,
                names.rule(row["rule_id"]),
                names.zone(row["zone_id"]),
                number(row["actual_before"], kind),
                number(row["actual_after"], kind),
                number(row["required"], kind),
                look.label(row["verdict_before"], lang),
                look.label(row["verdict_after"], lang),
                number(row["shortfall_before"], "whole"),
                number(row["shortfall_after"], "whole"),
                look.unit(row["unit"], lang),
                joint.join(called.get(str(project), str(project)) for project in row["projects"]),
            ]
        )
    notes = (word("support_note", lang),)
    return Sheet(word("support_sheet", lang), (block_of(columns, rows),), notes, 3, verdicts(lang))


def served(outcome: Outcome) -> Sheet | None:
    """Return 可达与实际可服务: need, what lies in the circle, and what has a place when each is given out once."""
    if empty(outcome.served):
        return None
    lang, names = outcome.lang, Names(outcome)
    above = names.levels_between()
    columns = [
        Column(look.label("service", lang), "text", 10),
        Column(look.label("level", lang), "text", 12),
        *(Column(look.label(level, lang), "text", 13) for level in above),
        Column(look.label("zone", lang), "text", 18),
        Column(word("need", lang), "whole", 12),
        Column(word("in_circle", lang), "whole", 12),
        Column(word("in_circle_share", lang), "share", 10, "share"),
        Column(word("served", lang), "whole", 14),
        Column(word("served_share", lang), "share", 10, "share"),
        Column(word("without_place", lang), "whole", 13, "short"),
        Column(word("need_outside", lang), "whole", 13, "short"),
    ]
    services = {service: place for place, service in enumerate(outcome.services)}
    zones = {zone: place for place, zone in enumerate(outcome.zones.index)}
    listed = sorted(
        rows_of(outcome.served),
        key=lambda row: (services[row["service"]], LEVELS.index(names.level(row["zone_id"])), zones[row["zone_id"]]),
    )  # fmt: skip
    rows: list[list[Value | Cell]] = [
        [look.service_label(outcome.services, row["service"], lang), *_served_row(row, names, above)]
        for row in listed
    ]
    notes = (word("served_note", lang),)
    return Sheet(word("served_sheet", lang), (block_of(columns, rows),), notes, 3 + len(above))


def _served_row(row: Mapping[str, Any], names: Names, above: list[str]) -> list[Value | Cell]:
    level, need = names.level(row["zone_id"]), float(row["need"])
    inside = need - float(row["outside"])
    shares = [inside / need, row["served_low"] / need] if need > 0 else [None, None]
    return [
        look.label(level, names.lang),
        *(names.above(row["zone_id"], upper) if upper != level else "" for upper in above),
        names.zone(row["zone_id"]),
        number(need, "whole"),
        number(inside, "whole"),
        number(shares[0], "share"),
        between(row["served_low"], row["served_high"], "whole"),
        number(shares[1], "share"),
        number(row["without_place"], "whole"),
        number(row["outside"], "whole"),
    ]
