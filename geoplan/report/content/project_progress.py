"""项目进度核对: every project of the list beside the facility that the register has for it, and how far it is by its years."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.projects import construction_cell, facility_types
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table
from geoplan.standards.projects.progress import STATES, project_progress
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label
from geoplan.words.numbers import format_number

#: Amounts by which a project and its facility are compared.
COMPARED = ("beds", "places", "floor_area_m2")


@listed(105, "workbook", "csv")
def project_progress_table(outcome: Outcome) -> Table | None:
    """Return 项目进度核对: a row a project, in the order of the list; None where there is none."""
    if empty(outcome.projects):
        return None
    lang, names = outcome.lang, Names(outcome)
    found = project_progress(outcome.projects, outcome.facilities, outcome.zones, year=outcome.year)
    has = outcome.supplies.groupby(["facility_id", "supply"])[["low", "high"]].sum()
    projects = outcome.projects.join(found)
    keys = (
        "serial", "name", "works", "services", "zone", "zone_code", "start_year", "open_year", "project_state", "late_years",
        "matched_facility", "matched_id", "matched_by",
        *(f"{side}_{supply}" for supply in COMPARED for side in ("planned", "register", "change")),
        "cost", "responsible", "project_remark", "source_file", "source_row",
    )  # fmt: skip
    rows = [_row(row, has, names, outcome) for row in rows_of(pd.DataFrame(projects))]
    notes = (_sentence(projects, lang), phrase("project_progress_note", lang))
    return table_of("project_progress", lang, keys, rows, notes=notes, frozen=2)


def _row(row: Mapping[str, Any], has: pd.DataFrame, names: Names, outcome: Outcome) -> list[Cell]:
    lang, facility, late = names.lang, row["facility_id"], row["late_years"]
    state = (
        phrase("project_late_by", lang, years=int(late))
        if present(late)
        else phrase(f"project_{row['state']}", lang)
    )
    amounts: list[Cell] = []
    for supply in COMPARED:
        planned = Amount.between(row[supply], row.get(f"{supply}_high"), "count")
        known = present(facility) and (facility, supply) in has.index
        low, high = has.loc[(facility, supply)] if known else (None, None)
        own = Amount.between(low, high, "count")
        # what is enlarged had amounts of its own before
        change = _change(planned, own) if row["why"] == "" else None
        amounts += [planned, own, change]
    return [
        text(row["name"]), construction_cell(row["works"], lang), facility_types(row["services"], lang),
        names.zone(row["zone_id"]) if present(row["zone_id"]) else "", names.code(row["zone_id"]),
        Amount.of(row["start_year"], "year"), Amount.of(row["open_year"], "year"), Coded(row["state"], state),
        Amount.of(late, "count"), names.facility(facility) if present(facility) else "", text(facility),
        Coded.of(row["how"], phrase(f"project_by_{row['how']}", lang)) if present(row["how"]) else None, *amounts,
        Amount.of(row["cost"], "cost"), text(row["unit"]), _remark(row, outcome), text(row["source_file"]),
        Amount.of(row["source_row"], "count"),
    ]  # fmt: skip


def _change(planned: Amount | None, own: Amount | None) -> Amount | None:
    """Return what the register has less what was planned; None where one of them is not known at all."""
    if planned is None or own is None:
        return None
    low, high = own.low - planned.high, own.high - planned.low
    return Amount(low, high, "change") if np.isfinite(low) else None


def _remark(row: Mapping[str, Any], outcome: Outcome) -> str:
    """Return why the register says nothing of the works, and that it does not list the facility as existing."""
    lang = outcome.lang
    said = [phrase(f"project_why_{row['why']}", lang)] if row["why"] else []
    if present(row["facility_id"]):
        status = text(outcome.facilities.loc[row["facility_id"], "status"])
        said += (
            [] if status == "existing" else [phrase("project_listed_as", lang, status=label(status, lang))]
        )
    return phrase("join_semicolon", lang).join(said)


def _sentence(projects: pd.DataFrame, lang: str) -> str:
    """Return how many projects are how far; of those that are late how much is late, and of how many that is not known."""
    counts = projects["state"].value_counts()
    parts = [phrase("projects_count", lang, count=format_number(len(projects), "count"))]
    for state in STATES:
        if state not in counts:
            continue
        said = phrase(
            "project_state_count", lang, state=phrase(f"project_{state}", lang), count=counts[state]
        )
        parts.append(said + (_late(projects[projects["state"] == state], lang) if state == "late" else ""))
    return phrase("join_comma", lang).join(parts)


def _late(late: pd.DataFrame, lang: str) -> str:
    """Return beds, places and money of the projects that are late, in brackets; what no project says is left out."""
    parts = []
    for key in ("beds", "places", "cost"):
        known = late[key].dropna()
        if known.sum() > 0:
            parts.append(
                phrase(f"project_late_{key}", lang, amount=format_number(float(known.sum()), "count"))
            )
    unsaid = int(late["cost"].isna().sum())
    if unsaid:
        parts.append(phrase("projects_without_cost", lang, count=unsaid))
    return phrase("in_brackets", lang, text=phrase("join_items", lang).join(parts)) if parts else ""
