"""What each candidate is: amounts, money, years, services, and what must, must not, or may only one of two be chosen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geoplan.inputs.candidates.cells import (
    begins_with,
    is_rent,
    land_codes_in,
    read_area,
    read_money,
    read_most,
    read_rent,
    read_rule,
    read_services,
    read_usable_years,
)
from geoplan.inputs.candidates.columns import cost_unit_per
from geoplan.inputs.facilities.cells import plain, read_flag, read_year
from geoplan.inputs.facilities.zone_names import clean_name
from geoplan.inputs.projects.cells import read_cost, read_works
from geoplan.inputs.projects.listed import Listed
from geoplan.words.errors import Note

#: Oddities of amounts that are read all the same.
_READ = ("amount_format", "amount_range", "amount_worded")


def read_amounts(rows: Listed, notes: list[Note]) -> dict[str, list[float]]:
    """Return floor area, parcel area, and the most beds and places of every candidate; NaN where not stated.

    One column for both (最多床位/托位) holds where the candidate has no number of its own.
    """

    def area(name: str) -> Callable[[Any], tuple[float, str]]:
        return lambda cell: read_area(cell, rows.columns.factor.get(name, 1.0))

    readers = {
        "floor_area_m2": area("floor_area_m2"),
        "parcel_m2": area("parcel_m2"),
        "most_beds": read_most,
        "most_places": read_most,
        "most": read_most,
    }
    found = {name: _amounts(rows, name, reader, notes) for name, reader in readers.items()}
    either = found.pop("most")
    for name in ("most_beds", "most_places"):
        found[name] = [both if np.isnan(own) else own for own, both in zip(found[name], either, strict=True)]
    return found


def _amounts(
    rows: Listed, name: str, reader: Callable[[Any], tuple[float, str]], notes: list[Note]
) -> list[float]:
    found = []
    for candidate_id, cell in rows.text(name).items():
        value, odd = reader(cell)
        found.append(value)
        if odd == "amount_negative":
            notes.append(_at_cell(rows, "candidate_negative", candidate_id, name, cell))
        elif odd:
            severity = "info" if odd in _READ else "warning"
            notes.append(_at_cell(rows, "candidate_amount_odd", candidate_id, name, cell, severity=severity))
    return found


def _at_cell(
    rows: Listed, code: str, candidate_id: object, name: str, cell: object, *, severity: str = "warning"
) -> Note:
    return rows.note(
        code, candidate_id, severity=severity, column=rows.columns.header[name], cell=plain(cell)
    )


def read_years(rows: Listed, notes: list[Note]) -> dict[str, list[float]]:
    """Return the first year in which each candidate may open, and for how many years it may be used; NaN where not stated."""
    first, usable = [], []
    for candidate_id, cell in rows.text("from_year").items():
        year, odd = read_year(cell)
        if odd == "year_unreadable":
            notes.append(_at_cell(rows, "candidate_year_unreadable", candidate_id, "from_year", cell))
        first.append(year)
    for (candidate_id, cell), year in zip(rows.text("usable_years").items(), first, strict=True):
        years, odd = read_usable_years(cell, from_year=year)
        usable.append(years)
        if odd == "unlimited":
            notes.append(
                _at_cell(
                    rows, "candidate_years_unlimited", candidate_id, "usable_years", cell, severity="info"
                )
            )
        elif odd in ("years_end", "years_unreadable"):
            notes.append(_at_cell(rows, f"candidate_{odd}", candidate_id, "usable_years", cell))
        elif odd:
            notes.append(
                _at_cell(rows, "candidate_amount_odd", candidate_id, "usable_years", cell, severity="info")
            )
    return {"from_year": first, "usable_years": usable}


def read_all_money(
    rows: Listed, area: Sequence[float], usable_years: Sequence[float], notes: list[Note]
) -> dict[str, list[Any]]:
    """Return ``cost, cost_unit, cost_unit_per, cost_from, rent_year`` of every candidate, 10,000 yuan.

    A stated cost stands as it is; a rent beside it stays apart. Where only a rent is stated it counts for all the years of use,
    if these are known: cost = rent of a year x usable years.
    """
    found: dict[str, list[Any]] = {
        "cost": [],
        "cost_unit": [],
        "cost_unit_per": [],
        "cost_from": [],
        "rent_year": [],
    }
    per = cost_unit_per(rows.columns.header.get("cost_unit", ""))
    texts = zip(
        rows.cells.index,
        rows.text("cost"),
        rows.text("rent"),
        rows.text("cost_unit"),
        area,
        usable_years,
        strict=True,
    )
    for candidate_id, cost_cell, rent_cell, unit_cell, m2, years in texts:
        mixed = is_rent(cost_cell) and not rent_cell
        cost = np.nan if mixed else _cost(rows, candidate_id, cost_cell, notes)
        rent = _rent(
            rows, candidate_id, cost_cell if mixed else rent_cell, "cost" if mixed else "rent", m2, notes
        )
        unit, odd = read_money(unit_cell, rows.columns.factor.get("cost_unit", 1.0))
        if odd:
            notes.append(_at_cell(rows, "candidate_cost_unreadable", candidate_id, "cost_unit", unit_cell))
        stated = not np.isnan(cost) or not np.isnan(unit)
        lasting = not stated and not np.isnan(rent) and not np.isnan(years)
        if not stated and not np.isnan(rent) and np.isnan(years):
            notes.append(
                rows.note("candidate_rent_without_years", candidate_id, severity="info", rent=f"{rent:g}")
            )
        found["cost"].append(round(rent * years, 10) if lasting else cost)
        found["cost_unit"].append(unit)
        found["cost_unit_per"].append("" if np.isnan(unit) else per)
        found["cost_from"].append("stated" if stated else "rent x years" if lasting else "")
        found["rent_year"].append(rent)
    return found


def _cost(rows: Listed, candidate_id: str, cell: str, notes: list[Note]) -> float:
    if cell.lstrip().startswith("-") and any(sign.isdigit() for sign in cell):
        notes.append(_at_cell(rows, "candidate_negative", candidate_id, "cost", cell))
        return np.nan
    cost, odd = read_cost(cell, rows.columns.factor.get("cost", 1.0))
    if odd:
        severity = "info" if odd == "approximate" else "warning"
        notes.append(_at_cell(rows, f"candidate_cost_{odd}", candidate_id, "cost", cell, severity=severity))
    return cost


def _rent(rows: Listed, candidate_id: str, cell: str, name: str, m2: float, notes: list[Note]) -> float:
    header = rows.columns.header.get(name, "")
    rent, odd = read_rent(cell, factor=rows.columns.factor.get(name, 1.0), header=header, floor_area_m2=m2)
    codes = {
        "negative": "candidate_negative",
        "unreadable": "candidate_cost_unreadable",
        "needs_area": "candidate_rent_needs_area",
    }
    if odd:
        notes.append(_at_cell(rows, codes[odd], candidate_id, name, cell))
    return rent


def read_all_works(rows: Listed, default: str, notes: list[Note]) -> list[str]:
    """Return the kind of works of every candidate; `default` where the list does not say."""
    found = []
    for candidate_id, cell in rows.text("works").items():
        works, readable = read_works(cell)
        found.append(works or default)
        if not readable:
            notes.append(rows.note("candidate_works_unknown", candidate_id, cell=cell))
    return found


def read_all_services(
    rows: Listed,
    types: Mapping[str, str | Sequence[str]],
    default: Sequence[str],
    notes: list[Note],
) -> tuple[list[tuple[str, ...]], list[bool]]:
    """Return the facility types that every candidate may hold (`default` where the list does not say), and which may hold none known.

    A candidate of which every word is unknown must not pass for one that may hold anything.
    """
    known = {
        clean_name(w): ((kinds,) if isinstance(kinds, str) else tuple(kinds)) for w, kinds in types.items()
    }
    found, lost = [], []
    for candidate_id, cell in rows.text("services").items():
        kinds, unknown = read_services(cell, known)
        none = bool(unknown) and not kinds
        for word in unknown:
            code = "candidate_services_unknown" if none else "candidate_service_unknown"
            notes.append(rows.note(code, candidate_id, word=word))
        found.append(kinds if cell else tuple(default))
        lost.append(none)
    return found, lost


def read_rules(rows: Listed, lost: Sequence[bool], notes: list[Note]) -> list[str]:
    """Return ``required``, ``forbidden`` or nothing for every candidate; what is both is forbidden, and so is one whose services are unknown."""
    found = []
    texts = zip(
        rows.cells.index, rows.text("rule"), rows.text("required"), rows.text("forbidden"), lost, strict=True
    )
    for candidate_id, cell, must_cell, never_cell, unknown in texts:
        rule, odd = read_rule(cell)
        must = rule == "required" or _flagged(rows, candidate_id, "required", must_cell, notes)
        never = rule == "forbidden" or _flagged(rows, candidate_id, "forbidden", never_cell, notes)
        if odd == "both" or (must and never):
            notes.append(rows.note("candidate_required_forbidden", candidate_id))
        elif odd:
            notes.append(rows.note("candidate_rule_unknown", candidate_id, cell=cell))
        found.append("forbidden" if never or unknown else "required" if must else "")
    return found


def _flagged(rows: Listed, candidate_id: str, name: str, cell: str, notes: list[Note]) -> bool:
    """Return whether a column of 必选 or 禁选 says yes; the word itself is a yes."""
    value, odd = read_flag(cell)
    if odd and read_rule(cell)[0] == name:
        return True
    if odd:
        notes.append(rows.note("candidate_rule_unknown", candidate_id, cell=cell))
    return value is True


def group_notes(rows: Listed, table: pd.DataFrame) -> list[Note]:
    """Return notes on either-or groups of one candidate, and on those that require two."""
    notes = []
    for word, members in table[table["either_or"] != ""].groupby("either_or", sort=False):
        if len(members) == 1:
            notes.append(rows.note("candidate_either_or_alone", members.index[0], group=word))
        must = members.index[members["rule"] == "required"]
        notes += [rows.note("candidate_either_or_required", i, group=word) for i in must[1:]]
    return notes


def by_land_code(rows: Listed, wanted: Sequence[str], notes: list[Note]) -> "pd.Series[bool]":
    """Return which candidates have a land use code that begins with one of those wanted; how many have not is listed."""
    texts = rows.text("land_code")
    if not wanted:
        return pd.Series(True, index=texts.index)
    keep = texts.map(lambda cell: begins_with(cell, wanted)).astype(bool)
    without = int((texts.map(land_codes_in).map(len) == 0).sum())
    left = int((~keep).sum())
    if left:
        notes.append(
            Note.of(
                "candidate_land_codes_left",
                file=rows.file,
                severity="info",
                count=left,
                without=without,
                codes=", ".join(wanted),
            )
        )
    return keep
