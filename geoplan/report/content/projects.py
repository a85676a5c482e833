"""The project list (项目库) and what it does for the indicators; and the words that projects, sites and candidates share."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from geoplan.report.content.build import table_of
from geoplan.report.content.findings import target_of
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Listed, Table, column, gap_cell, unit_cell
from geoplan.standards.projects.costs import unit_costs
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import facility_label, unit
from geoplan.words.numbers import format_interval, format_number

#: What a project adds, in the order of the table: column of `geoplan.tables.PROJECTS` -> column of the table.
ADDED = {
    "beds": "added_beds", "nursing_beds": "nursing_beds", "places": "added_places", "inclusive_places": "inclusive_places",
    "floor_area_m2": "floor_area_m2", "facilities": "facilities",
}  # fmt: skip


def construction_cell(code: object, lang: str) -> Coded | None:
    """Return the type of construction (建设性质: 新建, 改扩建, 购置, 置换, 租赁); None where it is not stated."""
    return Coded(str(code), phrase(f"construction_{code}", lang)) if present(code) else None


def facility_types(services: Iterable[str], lang: str) -> Listed:
    """Return types of facility, a planner's own as she wrote it."""
    return Listed(tuple(Coded(kind, facility_label(kind, lang)) for kind in services))


def zones_cell(names: Names, zones: Iterable[str]) -> Listed:
    """Return zones by name."""
    return Listed(tuple(Coded(zone, names.zone(zone)) for zone in zones))


def cost_source(source: object, lang: str) -> Coded | None:
    """Return where a cost comes from; None where there is no cost.

    Raises
    ------
    KeyError
        If it is neither stated nor a rent nor a unit cost of `geoplan.standards.projects.costs`.

    Examples
    --------
    >>> cost_source("stated", "zh").text("zh"), cost_source("rent x years", "en").text("en")
    ('清单所列', 'rent over the years usable')
    >>> cost_source("childcare_conversion: plan.csv#6", "zh").text("zh")
    '按单位造价测算，托育机构、幼儿园托班改扩建 2–3.5万元/个托位'
    """
    said = text(source)
    if not said:
        return None
    if said in ("stated", "rent x years"):
        code = said.replace(" ", "_")
        return Coded(code, phrase(f"cost_{code}", lang))
    unit_id = said.partition(":")[0]
    cost: dict[Any, Any] = unit_costs().loc[unit_id].to_dict()
    built = {"floor_area_m2": "m2"}.get(cost["supply"], cost["supply"])
    range_ = format_interval(cost["low"], cost["high"], "decimal")
    return Coded(
        unit_id, phrase("cost_from_unit", lang, name=cost[lang], range=range_, unit=unit(built, lang))
    )


@listed(100, "workbook", "csv")
def projects_table(outcome: Outcome) -> Table | None:
    """Return 项目库: a row a project, with what it adds, its cost, years and what it supports; None where there is none."""
    if empty(outcome.projects):
        return None
    lang, names = outcome.lang, Names(outcome)
    keys = (
        "serial", "name", "works", "services", "zone", "zone_code", "size", *ADDED.values(), "cost", "cost_from", "funds",
        "start_year", "open_year", "responsible", "serves", "indicators", "location", "source_file", "source_row",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            text(row["name"]), construction_cell(row["works"], lang),
            facility_types(row["services"], lang), names.zone(row["zone_id"]) if present(row["zone_id"]) else "",
            names.code(row["zone_id"]), size_text(row, lang), *(Amount.of(row[key], "count") for key in ADDED),
            Amount.of(row["cost"], "cost"), cost_source(row["cost_from"], lang), text(row["funds"]),
            Amount.of(row["start_year"], "year"), Amount.of(row["open_year"], "year"), text(row["unit"]),
            zones_cell(names, row["serves"]),
            Listed(tuple(Coded(str(rule), names.rule(rule)) for rule in row["indicators"])),
            Coded(str(row["location_quality"])), text(row["source_file"]), Amount.of(row["source_row"], "count"),
        ]
        for row in rows_of(outcome.projects)
    ]  # fmt: skip
    return table_of("projects", lang, keys, rows, notes=(projects_sentence(outcome),), frozen=2)


def size_text(row: Mapping[str, Any], lang: str) -> str:
    """Return how large a project or site is, as a project list says it: its size, else beds, places and floor area.

    Examples
    --------
    >>> row = {"size": 39.0, "unit": "beds", "beds": 39.0, "places": float("nan"), "floor_area_m2": 750.0}
    >>> size_text(row, "zh"), size_text(row, "en")
    ('床位39张、建筑面积750平方米', '39 beds, floor area 750 m²')
    """
    own = [("size", text(row["unit"]))] if "size" in row else []
    parts: dict[str, str] = {}
    for key, unit_code in [*own, ("beds", "beds"), ("places", "places"), ("floor_area_m2", "m2")]:
        value = row.get(key)
        if unit_code and unit_code not in parts and present(value) and float(value) > 0:  # type: ignore[arg-type]
            amount = format_number(float(value), "count").replace(",", "")  # type: ignore[arg-type]
            known = unit_code in ("beds", "places", "m2")
            code = f"size_{unit_code}" if known else "gap_amount"
            parts[unit_code] = phrase(code, lang, amount=amount, unit="" if known else unit(unit_code, lang))
    return phrase("join_items", lang).join(parts.values())


def projects_sentence(outcome: Outcome) -> str:
    """Return how many projects there are and what they add in all; a sum says of how many projects it is not known."""
    lang, table = outcome.lang, outcome.projects
    parts = [phrase("projects_count", lang, count=format_number(len(table), "count"))]
    for key in ("beds", "places", "cost"):
        if table[key].notna().any():
            shown = format_number(float(table[key].sum()), "count")
            parts.append(
                phrase("projects_sum", lang, what=column(ADDED.get(key, key), lang).header, sum=shown)
            )
    unknown = int(table["cost"].isna().sum())
    if unknown:
        parts.append(phrase("projects_without_cost", lang, count=unknown))
    return phrase("join_comma", lang).join(parts)


@listed(110, "workbook", "csv")
def project_support_table(outcome: Outcome) -> Table | None:
    """Return 项目库对指标的支撑测算: every finding before and after the projects; None where there is none."""
    return support_table(outcome, outcome.support, built=outcome.projects, key="support")


def support_table(outcome: Outcome, support: pd.DataFrame, *, built: pd.DataFrame, key: str) -> Table | None:
    """Return findings before and after something is built.

    Parameters
    ----------
    outcome
        What a run found out.
    support
        Rows of `geoplan.tables.SUPPORT`.
    built
        Projects or sites that the rows name, with ``name``, by their ids.
    key
        ``support`` (projects) or ``site_support``: key of the table, of its title and of its note.
    """
    if empty(support):
        return None
    lang, names = outcome.lang, Names(outcome)
    called = {} if empty(built) else built["name"].map(text).to_dict()
    findings = {(row["rule_id"], row["zone_id"]): row for row in rows_of(outcome.findings)}
    keys = (
        "serial", "indicator", "zone", "zone_code", "actual_before", "actual_after", "target", "required", "verdict_before",
        "verdict_after", "shortfall_before", "shortfall_after", "unit", "built_sites" if key == "site_support" else "built_projects",
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for row in rows_of(support):
        form, unit_code = names.format(row["rule_id"]), text(row["unit"])
        finding = findings.get((row["rule_id"], row["zone_id"]))
        rows.append([
            names.rule(row["rule_id"]), names.zone(row["zone_id"]), names.code(row["zone_id"]),
            *(Amount.between(row[f"actual_{side}"], row[f"actual_high_{side}"], form) for side in ("before", "after")),
            "" if finding is None else target_of(names, finding), Amount.of(row["required"], form),
            *(Coded(row[f"verdict_{side}"]) for side in ("before", "after")),
            *(gap_cell(row[f"shortfall_{side}"], row["unit"]) for side in ("before", "after")),
            unit_cell(unit_code, lang),
            Listed(tuple(Coded(str(one), called.get(one, str(one))) for one in row["projects"])),
        ])  # fmt: skip
    notes = (phrase(f"{key}_note", lang),)
    return table_of(key, lang, keys, rows, depths={"required": 4}, notes=notes, frozen=3)
