"""What each candidate is: amounts, money, years, services, and what must, must not, or may only one of two be chosen."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from geoplan.inputs.candidates.fields import (
    begins_with,
    cost_unit_per,
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
from geoplan.inputs.lists.cells import read_cost, read_flag, read_works, read_year
from geoplan.inputs.lists.rows import Rows
from geoplan.inputs.lists.types import Types, type_words
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note

#: What the codes of cells mean for a candidate.
_AMOUNTS = {"amount_negative": "candidate_negative"} | dict.fromkeys(
    ("amount_format", "amount_range", "amount_worded", "amount_unreadable", "amount_zero"),
    "candidate_amount_odd",
)
_COSTS = {"cost_negative": "candidate_negative"}
_YEARS = {"year_format": "", "year_unreadable": "candidate_year_unreadable"}


def read_facts(
    rows: Rows, types: Types, services: Sequence[str], works: str, lang: str, notes: list[Note]
) -> pd.DataFrame:
    """Return what the rows say of themselves: the columns of `tables.CANDIDATES` that do not say where a candidate is.

    Parameters
    ----------
    services, works
        What holds for rows that say nothing.
    lang
        Language of the names of nameless candidates.
    """
    table = pd.DataFrame(index=rows.index)
    for name, source in (("storey", "storey"), ("ownership", "ownership"), ("place", "place"), ("either_or", "either_or"),
                         ("land_code", "land_code"), ("extends_name", "extends"), ("note", "note")):  # fmt: skip
        table[name] = rows.text(source)
    table["name"] = _names(rows, lang)
    table["works"] = rows.read("works", read_works, notes, absent="").replace("", works)
    found, lost = _services(rows, types, services, notes)
    table["services"] = pd.Series(found, index=table.index, dtype=object)
    amounts = _amounts(rows, notes)
    years = _years(rows, notes)
    money = _money(rows, amounts["floor_area_m2"], years["usable_years"], notes)
    for name, values in (amounts | years | money).items():
        table[name] = values
    table["rule"] = _rules(rows, lost, notes)
    table["source_file"], table["source_row"] = rows.file, rows.number
    return table


def _names(rows: Rows, lang: str) -> list[str]:
    """Return the name of every candidate; of a nameless one its number or place, else its row."""
    texts = zip(rows.text("name"), rows.text("id"), rows.text("place"), rows.number, strict=True)
    parcels = rows.shapes is not None
    return [
        name
        or (phrase("candidate_parcel", lang, number=number) if number and parcels else place or number)
        or phrase("candidate_nameless", lang, row=row)
        for name, number, place, row in texts
    ]


def _amounts(rows: Rows, notes: list[Note]) -> dict[str, list[float]]:
    """Return floor area, parcel area, and the most beds and places of every candidate; NaN where not stated.

    One column for both (最多床位/托位) holds where the candidate has no number of its own.
    """
    found = {}
    for name in ("floor_area_m2", "parcel_m2", "most_beds", "most_places", "most"):
        area = partial(read_area, factor=rows.columns.factor.get(name, 1.0))
        reader = area if name.endswith("_m2") else read_most
        found[name] = rows.read(name, reader, notes, absent=np.nan, codes=_AMOUNTS).astype(float)
    either = found.pop("most")
    for name in ("most_beds", "most_places"):
        found[name] = found[name].fillna(either)
    return {name: list(values) for name, values in found.items()}


def _years(rows: Rows, notes: list[Note]) -> dict[str, list[float]]:
    """Return the first year in which each candidate may open, and for how many years it may be used; NaN where not stated."""
    first = list(rows.read("from_year", read_year, notes, absent=np.nan, codes=_YEARS))
    usable = []
    for (candidate_id, cell), year in zip(rows.text("usable_years").items(), first, strict=True):
        years, odd = read_usable_years(cell, from_year=year)
        usable.append(years)
        if odd:
            code = f"candidate_{odd}" if odd.startswith("years_") else "candidate_amount_odd"
            severity = "warning" if odd in ("years_end", "years_unreadable") else "info"
            notes.append(rows.at_cell(code, candidate_id, "usable_years", cell, severity=severity))
    return {"from_year": first, "usable_years": usable}


def _money(
    rows: Rows, area: Sequence[float], usable_years: Sequence[float], notes: list[Note]
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
        rows.index,
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
            notes.append(rows.at_cell("cost_unreadable", candidate_id, "cost_unit", unit_cell))
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


def _cost(rows: Rows, candidate_id: str, cell: str, notes: list[Note]) -> float:
    cost, odd = read_cost(cell, rows.columns.factor.get("cost", 1.0))
    if odd:
        notes.append(rows.at_cell(_COSTS.get(odd, odd), candidate_id, "cost", cell))
    return cost


def _rent(rows: Rows, candidate_id: str, cell: str, name: str, m2: float, notes: list[Note]) -> float:
    header = rows.columns.header.get(name, "")
    rent, odd = read_rent(cell, factor=rows.columns.factor.get(name, 1.0), header=header, floor_area_m2=m2)
    codes = {
        "negative": "candidate_negative",
        "unreadable": "cost_unreadable",
        "needs_area": "candidate_rent_needs_area",
    }
    if odd:
        notes.append(rows.at_cell(codes[odd], candidate_id, name, cell))
    return rent


def _services(
    rows: Rows,
    types: Types,
    default: Sequence[str],
    notes: list[Note],
) -> tuple[list[tuple[str, ...]], list[bool]]:
    """Return the facility types that every candidate may hold (`default` where the list does not say), and which may hold none known.

    A candidate of which every word is unknown must not pass for one that may hold anything.
    """
    known = type_words(types)
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


def _rules(rows: Rows, lost: Sequence[bool], notes: list[Note]) -> list[str]:
    """Return ``required``, ``forbidden`` or nothing for every candidate; what is both is forbidden, and so is one whose services are unknown."""
    found = []
    texts = zip(
        rows.index, rows.text("rule"), rows.text("required"), rows.text("forbidden"), lost, strict=True
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


def _flagged(rows: Rows, candidate_id: str, name: str, cell: str, notes: list[Note]) -> bool:
    """Return whether a column of 必选 or 禁选 says yes; the word itself is a yes."""
    value, odd = read_flag(cell)
    if odd and read_rule(cell)[0] == name:
        return True
    if odd:
        notes.append(rows.note("candidate_rule_unknown", candidate_id, cell=cell))
    return value is True


def group_notes(rows: Rows, table: pd.DataFrame) -> list[Note]:
    """Return notes on either-or groups of one candidate, and on those that require two."""
    notes = []
    for word, members in table[table["either_or"] != ""].groupby("either_or", sort=False):
        if len(members) == 1:
            notes.append(rows.note("candidate_either_or_alone", members.index[0], group=word))
        must = members.index[members["rule"] == "required"]
        notes += [rows.note("candidate_either_or_required", i, group=word) for i in must[1:]]
    return notes


def by_land_code(rows: Rows, wanted: Sequence[str], notes: list[Note]) -> pd.Index:
    """Return the candidates with a land use code that begins with one of those wanted; how many have not is listed."""
    texts = rows.text("land_code")
    if not wanted:
        return rows.index
    keep = texts.map(lambda cell: begins_with(cell, wanted)).astype(bool)
    if not keep.all():
        without = int((texts.map(land_codes_in).map(len) == 0).sum())
        left, codes = int((~keep).sum()), ", ".join(wanted)
        notes.append(rows.general("candidate_land_codes_left", without=without, count=left, codes=codes))
    return rows.index[keep]
