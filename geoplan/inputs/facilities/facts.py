"""What each row of a register is: its services, status, years and attributes, and its supplies as intervals; a note for every odd cell."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from geoplan.inputs.facilities.fields import AMOUNTS, ATTRIBUTES, FIELDS, PARTS
from geoplan.inputs.lists.cells import (
    INF,
    cell_text,
    is_blank,
    read_amount,
    read_flag,
    read_ownership,
    read_status,
    read_year,
    shown,
    split_words,
    status_in_name,
)
from geoplan.inputs.lists.rows import Rows
from geoplan.inputs.lists.types import Types, type_words
from geoplan.inputs.lists.zone_names import clean_name
from geoplan.inputs.streets.walk_table import stated_level
from geoplan.words.errors import Note

#: Amounts above these are read but doubted: (field, most that one facility plausibly has). 2 x the largest known of its kind.
PLAUSIBLE_MOST: Mapping[str, float] = {
    "beds": 6000, "nursing_beds": 6000, "places": 2000, "floor_area_m2": 500_000,
}  # fmt: skip

#: Facility types whose capacity is beds, and those whose capacity is places; a type in neither takes what the row gives.
ELDER_TYPES = frozenset([
    "eldercare", "institution", "community", "elder_home", "nursing_home", "dementia_home", "disabled_care_centre",
    "elder_day_care", "home_care_centre", "home_care", "elder_respite_care", "combined_eldercare", "medical_and_care",
    "medical_and_care_centre",
])  # fmt: skip
CHILD_TYPES = frozenset([
    "childcare_service", "childcare", "kindergarten_class", "childcare_station", "workplace_childcare", "home_childcare",
])  # fmt: skip
#: Care types without a capacity of their own: neither beds nor places are missing where the row gives none.
NO_CAPACITY_TYPES = frozenset(["kindergarten", "elder_canteen", "elder_school", "elder_university", "elder_university_point"])  # fmt: skip

#: Supplies that every facility of a kind has, known or not: unknown where the register has no such column.
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "elder": ("beds", "nursing_beds", "dementia_beds", "floor_area_m2"),
    "child": ("places", "floor_area_m2"),
    "other": ("floor_area_m2",),
}


def read_amounts(
    rows: Rows, services: "pd.Series[Any]", lacks: Collection[str] = ()
) -> tuple[dict[str, pd.DataFrame], list[Note]]:
    """Return ``low, high`` of every amount column, indexed like the rows, and a note for every odd cell.

    A blank is odd only where one of the row's services has such an amount: a nursery has no beds to state. What the register `lacks`
    by the study's word is 0 where its cell is blank.
    """
    tables, notes = {}, []
    for field in (f for f in AMOUNTS if f in rows.cells.columns):
        factor, most, none = rows.factor(field), PLAUSIBLE_MOST.get(field, INF), lacking(field, lacks)
        bounds = []
        for row_id, cell in rows.cells[field].items():
            amount = read_amount(cell)
            low, high, code = amount.low * factor, amount.high * factor, amount.code
            if none and code == "amount_blank":
                low, high, code = 0.0, 0.0, ""
            elif FIELDS[field].kind == "amount" and low == high and low % 1:
                low, high, code = 0.0, INF, "amount_fraction"  # 1.200 may be 1,200
            elif not code and low > most:
                code = "amount_implausible"
            bounds.append((low, high))
            if code and (code != "amount_blank" or may_hold(services.loc[str(row_id)], field)):
                notes.append(rows.at_cell(code, row_id, field, cell, low=shown(low), high=shown(high)))
        tables[field] = pd.DataFrame(bounds, index=rows.index, columns=["low", "high"], dtype=float)
    return tables, [*notes, *_absent(tables, services, rows, lacks)]


def lacking(supply: str, lacks: Collection[str]) -> bool:
    """Return whether the study says that a register's facilities do not have a supply, or what it is a part of."""
    return supply in lacks or PARTS.get(supply, "") in lacks


def _absent(
    tables: Mapping[str, pd.DataFrame], services: "pd.Series[Any]", rows: Rows, lacks: Collection[str]
) -> list[Note]:
    """Return a note for every amount that its facilities must have and that the register has no column for."""
    notes = []
    for supply in (
        s for s in ("beds", "places", "floor_area_m2") if s not in tables and not lacking(s, lacks)
    ):
        kinds = [{kind_of(t) for t in types} - {"other"} for types in services]
        count = sum(any(supply in ALWAYS[kind] for kind in row) for row in kinds)
        if count:
            words = {"supply_zh": FIELDS[supply].zh, "supply_en": FIELDS[supply].en}
            notes.append(rows.general("amount_column_absent", count=count, **words))
    return notes


def bound_parts(
    amounts: Mapping[str, pd.DataFrame], rows: Rows
) -> tuple[dict[str, pd.DataFrame], list[Note]]:
    """Return amounts with parts bounded by their whole and wholes by their parts.

    A part that is unknown is at most the whole; a whole that is unknown is at least the part. A part that is stated larger than
    its whole contradicts it: the whole stands, the part is somewhere between 0 and the larger of whole and 0 - unknown, noted.
    """
    bounded, notes = {field: table.copy() for field, table in amounts.items()}, []
    for part, whole in PARTS.items():
        if part not in bounded or whole not in bounded:
            continue
        p, w = bounded[part], bounded[whole]
        over = (p["low"] > w["high"]).to_numpy()
        for at in np.flatnonzero(over):
            values = {"part": rows.columns.header[part], "whole": rows.columns.header[whole]}
            stated = {"stated": shown(p["low"].iloc[at]), "most": shown(w["high"].iloc[at])}
            notes.append(rows.note("amount_part_over_whole", p.index.tolist()[at], **values, **stated))
        # where the whole is 0 and the part is not, either may be wrong: nothing becomes 0
        ceiling = np.where(over & (w["high"] == 0), p["low"], w["high"])
        high = np.where(over, ceiling, np.minimum(p["high"], w["high"]))
        bounded[part] = pd.DataFrame({"low": np.where(over, 0.0, p["low"]), "high": high}, index=p.index)
        raised = np.where(over, w["low"], np.maximum(w["low"], p["low"]))
        bounded[whole] = w.assign(low=raised, high=np.maximum(raised, w["high"]))
    return bounded, notes


def supplies_of(
    services: "pd.Series[Any]", amounts: Mapping[str, pd.DataFrame], lacks: Collection[str] = ()
) -> pd.DataFrame:
    """Return `tables.SUPPLIES` of facilities with `services` (tuples).

    An amount goes to the services of its kind (beds to eldercare, places to childcare, floor area to all). Where several of one
    facility's services could hold it, each has between 0 and all of it: a combined building does not lend its floor area twice. A supply
    that the facilities lack by the study's word (`lacks`) has no row: there is none, and nothing is unknown.
    """
    stated = {
        field: dict(zip(t.index, zip(t["low"], t["high"], strict=True), strict=True))
        for field, t in amounts.items()
    }
    holders = {types: _holders(types, stated, lacks) for types in set(services)}
    rows: list[tuple[str, str, str, float, float]] = []
    for facility_id, types in zip(map(str, services.index), services, strict=True):
        for supply, several, who in holders[types]:
            # a column that the register lacks is unknown, but a part is never more than its whole
            whole = stated.get(PARTS.get(supply, ""), {}).get(facility_id, (0.0, INF))
            low, high = stated[supply][facility_id] if supply in stated else (0.0, whole[1])
            rows.extend((facility_id, holder, supply, 0.0 if several else low, high) for holder in who)
    return pd.DataFrame(rows, columns=["facility_id", "service", "supply", "low", "high"]).astype(
        {"facility_id": object, "service": object, "supply": object, "low": float, "high": float}
    )


def _holders(
    types: tuple[str, ...], stated: Collection[str], lacks: Collection[str]
) -> list[tuple[str, bool, list[str]]]:
    """Return every supply of a facility of some types: whether several of them could hold it, and those that get a row of it."""
    always = {s for t in types for s in ALWAYS[kind_of(t)] if not lacking(s, lacks)}
    found = []
    for supply in (s for s in AMOUNTS if s in always or s in stated):
        holders = [t for t in types if _may_hold(t, supply)]
        kept = [t for t in holders if supply in stated or (supply in always and supply in ALWAYS[kind_of(t)])]
        found.append((supply, len(holders) != 1, kept))
    return found


def kind_of(facility_type: str) -> str:
    """Return ``elder`` (beds), ``child`` (places) or ``other`` for a facility type."""
    return "elder" if facility_type in ELDER_TYPES else "child" if facility_type in CHILD_TYPES else "other"


def may_hold(types: tuple[str, ...], supply: str) -> bool:
    """Return True where one of a facility's services has such an amount; a supply that no register knows is held by all.

    Examples
    --------
    >>> may_hold(("childcare",), "beds"), may_hold(("childcare", "elder_home"), "beds")
    (False, True)
    """
    return any(_may_hold(facility_type, supply) for facility_type in types)


def _may_hold(facility_type: str, supply: str) -> bool:
    held_by, kind = FIELDS[supply].held_by if supply in FIELDS else "", kind_of(facility_type)
    if kind == "other":
        return not held_by or facility_type not in NO_CAPACITY_TYPES
    return held_by in ("", kind)


def misplaced(services: "pd.Series[Any]", amounts: Mapping[str, pd.DataFrame], rows: Rows) -> list[Note]:
    """Return a note for every amount that no service of its row can hold, e.g. beds of a nursery."""
    return [
        rows.note(
            "amount_without_service",
            i,
            services=", ".join(types),
            column=rows.columns.header[supply],
            stated=shown(low),
        )
        for supply, table in amounts.items()
        for (i, types), low in zip(services.items(), table["low"], strict=True)
        if low > 0 and not may_hold(types, supply)
    ]


def combined(services: "pd.Series[Any]", amounts: Mapping[str, pd.DataFrame], rows: Rows) -> list[Note]:
    """Return a note for every facility whose floor area is known only for its services together."""
    most = amounts["floor_area_m2"]["high"] if "floor_area_m2" in amounts else [INF] * len(services)
    return [
        rows.note("floor_area_shared", i, severity="info", area=shown(high), services=", ".join(types))
        for (i, types), high in zip(services.items(), most, strict=True)
        if len(types) > 1 and np.isfinite(high)
    ]


def known_total(amounts: Mapping[str, pd.DataFrame], field: str, index: pd.Index) -> pd.Series:
    """Return what is known of an amount (its least) by facility; 0 where the register has no such column."""
    table = amounts.get(field)
    return pd.Series(0.0, index=index) if table is None else table["low"].reindex(index)


def is_known(
    amounts: Mapping[str, pd.DataFrame], field: str, services: "pd.Series[Any]", lacks: Collection[str] = ()
) -> pd.Series:
    """Return whether an amount is known exactly; True where no service of the row has it: nothing is missing there."""
    holds = services.map(lambda types: may_hold(types, field) and not lacking(field, lacks)).astype(bool)
    table = amounts.get(field)
    known = pd.Series(False, index=services.index) if table is None else table["low"] == table["high"]
    return known.reindex(services.index) | ~holds


def read_facts(
    rows: Rows, *, types: Types | None, one_type: str | None, status_words: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Note]]:
    """Return ``services, status, open_year, close_year``, ownership and attributes of every row, and notes.

    ``level`` is there where the register has it. `services` is an empty tuple where the type word is unknown.
    """
    notes: list[Note] = []
    facts = pd.DataFrame(index=rows.index)
    facts["services"] = _services(rows, types, one_type, notes)
    facts["status"] = rows.read(
        "status", lambda cell: read_status(cell, status_words), notes, absent="existing"
    )
    notes += _status_in_names(rows, facts["status"])
    for field in ("open_year", "close_year"):
        facts[field] = rows.read(field, read_year, notes, absent=float("nan")).astype(float)
    if "level" in rows.columns.header:
        facts["level"] = rows.text("level").map(stated_level).astype(float)
    facts["ownership"] = rows.text("ownership").map(lambda text: text or None).astype(object)
    public = rows.read("ownership", read_ownership, notes).astype("boolean")
    for name in ATTRIBUTES:
        facts[name] = rows.read(name, partial(read_flag, field=name), notes).astype("boolean")
    facts["public"] = facts["public"].fillna(public)
    return facts, [*notes, *_blank_flags(rows, facts)]


def _status_in_names(rows: Rows, status: pd.Series) -> list[Note]:
    """Return a note for every facility that counts as existing while its name says that it does not: 康乐养老院（停用）."""
    names = rows.text("name")[status == "existing"]
    return [
        rows.note("name_status", i, name=name, word=word)
        for i, name in names.items()
        if (word := status_in_name(name))
    ]


def derive_inclusive(
    facts: pd.DataFrame, rows: Rows, amounts: Mapping[str, pd.DataFrame]
) -> tuple[pd.DataFrame, list[Note]]:
    """Return facts with `inclusive` where the register has no such column but its other cells say it.

    普惠 in the ownership cell (普惠性民办, 非普惠) says it; else inclusive places above 0 mean yes, exactly 0 mean no.
    """
    if "inclusive" in rows.columns.header:
        return facts, []
    if "inclusive_places" in amounts:
        table, source = amounts["inclusive_places"], "inclusive_places"
        said = table["low"].gt(0).astype("boolean").where((table["low"] > 0) | (table["high"] == 0))
    else:
        texts, source = facts["ownership"], "ownership"
        said = texts.map(
            lambda text: None if not text or "普惠" not in text else "非普惠" not in text
        ).astype("boolean")
        if said.isna().all():
            return facts, []
    return facts.assign(inclusive=said), [
        rows.general("inclusive_derived", column=rows.columns.header[source])
    ]


def _services(rows: Rows, types: Types | None, one_type: str | None, notes: list[Note]) -> pd.Series:
    if types is None:
        return pd.Series([(str(one_type),)] * len(rows.index), index=rows.index, dtype=object)
    known = type_words(types)
    services = []
    for row_id, cell in rows.cells["type"].items():
        words = [cell] if clean_name(cell) in known else split_words(cell)
        unknown = [cell_text(word) for word in words if clean_name(word) not in known]
        found = dict.fromkeys(kind for word in words for kind in known.get(clean_name(word), ()))
        services.append(tuple(found))
        if unknown or not words:
            code = "type_blank" if not words else "type_unknown" if not found else "type_partly_unknown"
            text = {"unknown": ", ".join(unknown), "known": ", ".join(map(str, types))}
            notes.append(rows.at_cell(code, row_id, "type", cell, **text))
    return pd.Series(services, index=rows.index, dtype=object)


def _blank_flags(rows: Rows, facts: pd.DataFrame) -> list[Note]:
    """Return one note a column of attributes that has blanks: they are unknown, not a no."""
    notes = []
    for flag in (f for f in ATTRIBUTES if f in rows.cells.columns):
        count = int((rows.cells[flag].map(is_blank).astype(bool) & facts[flag].isna()).sum())
        if count:
            notes.append(rows.general("flag_blank", column=rows.columns.header[flag], count=count))
    return notes
