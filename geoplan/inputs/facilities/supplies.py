"""Supplies of a register as intervals: what each row says, what its other cells imply, and which service it belongs to."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.inputs.facilities.cells import INF, PLAUSIBLE_MOST, Amount, plain, read_amount
from geoplan.inputs.facilities.columns import AMOUNTS, FIELDS, Columns
from geoplan.words.errors import Note

#: A supply that is part of another can be no larger: part -> whole.
PARTS: Mapping[str, str] = {
    "nursing_beds": "beds",
    "dementia_beds": "beds",
    "inclusive_beds": "beds",
    "inclusive_places": "places",
    "certified_care_workers": "care_workers",
    "certified_childcare_staff": "childcare_staff",
}

#: Facility types whose capacity is beds, and those whose capacity is places; a type in neither takes what the row gives.
ELDER_TYPES = frozenset(
    [
        "eldercare", "institution", "community", "elder_home", "nursing_home", "dementia_home", "disabled_care_centre",
        "elder_day_care", "home_care_centre", "home_care", "elder_respite_care", "combined_eldercare",
        "medical_and_care", "medical_and_care_centre",
    ]
)  # fmt: skip
CHILD_TYPES = frozenset(
    [
        "childcare_service",
        "childcare",
        "kindergarten_class",
        "childcare_station",
        "workplace_childcare",
        "home_childcare",
    ]
)
#: Care types without a capacity of their own: neither beds nor places are missing where the row gives none.
NO_CAPACITY_TYPES = frozenset(
    ["kindergarten", "elder_canteen", "elder_school", "elder_university", "elder_university_point"]
)

_ELDER_SUPPLIES = frozenset(
    ["beds", "nursing_beds", "dementia_beds", "family_beds", "medical_rehab_beds", "inclusive_beds", "occupied",
     "care_workers", "certified_care_workers", "doctors", "nurses", "social_workers"]
)  # fmt: skip
_CHILD_SUPPLIES = frozenset(
    ["places", "inclusive_places", "enrolled", "childcare_staff", "certified_childcare_staff"]
)

#: Supplies that every facility of a kind has, known or not: unknown where the register has no such column.
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "elder": ("beds", "nursing_beds", "dementia_beds", "floor_area_m2"),
    "child": ("places", "floor_area_m2"),
    "other": ("floor_area_m2",),
}

#: Odd cells that were read without a doubt are information; the others say that an amount is doubtful or unknown.
_SEVERITY = {"amount_format": "info"}


def read_amounts(
    cells: pd.DataFrame, columns: Columns, numbers: "pd.Series[int]", services: "pd.Series[Any]", *, file: str
) -> tuple[dict[str, pd.DataFrame], list[Note]]:
    """Return ``low, high`` of every amount column, indexed like `cells`, and a note for every odd cell.

    A blank is odd only where one of the row's services has such an amount: a nursery has no beds to state.
    """
    tables, notes = {}, []
    for field in (f for f in AMOUNTS if f in cells.columns):
        factor, header = columns.factor.get(field, 1.0), columns.header[field]
        amounts = [read_amount(cell) for cell in cells[field]]
        for number, cell, amount, types in zip(numbers, cells[field], amounts, services, strict=True):
            code = amount.code or _doubt(field, amount.low * factor)
            if code and (code != "amount_blank" or may_hold(types, field)):
                notes.append(_note(code, file, number, header, cell, amount))
        bounds = [(a.low * factor, a.high * factor) for a in amounts]
        tables[field] = pd.DataFrame(bounds, index=cells.index, columns=["low", "high"], dtype=float)
    return tables, [*notes, *_absent(tables, services, file)]


def _absent(tables: Mapping[str, pd.DataFrame], services: "pd.Series[Any]", file: str) -> list[Note]:
    """Return a note for every amount that its facilities must have and that the register has no column for."""
    notes = []
    for supply in ("beds", "places", "floor_area_m2"):
        kinds = [{kind_of(t) for t in types} - {"other"} for types in services]
        count = sum(any(supply in ALWAYS[kind] for kind in row) for row in kinds)
        if count and supply not in tables:
            notes.append(
                Note.of(
                    "amount_column_absent",
                    file=file,
                    severity="info",
                    supply_zh=FIELDS[supply].zh,
                    supply_en=FIELDS[supply].en,
                    count=count,
                )
            )
    return notes


def bound_parts(
    amounts: Mapping[str, pd.DataFrame], columns: Columns, numbers: "pd.Series[int]", *, file: str
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
            values = {"part": columns.header[part], "whole": columns.header[whole]}
            stated = {"stated": _shown(p["low"].iloc[at]), "most": _shown(w["high"].iloc[at])}
            notes.append(
                Note.of("amount_part_over_whole", file=file, row=row_of(numbers.iloc[at]), **values, **stated)
            )
        # where the whole is 0 and the part is not, either may be wrong: nothing becomes 0
        ceiling = np.where(over & (w["high"] == 0), p["low"], w["high"])
        high = np.where(over, ceiling, np.minimum(p["high"], w["high"]))
        bounded[part] = pd.DataFrame({"low": np.where(over, 0.0, p["low"]), "high": high}, index=p.index)
        raised = np.where(over, w["low"], np.maximum(w["low"], p["low"]))
        bounded[whole] = w.assign(low=raised, high=np.maximum(raised, w["high"]))
    return bounded, notes


def supplies_of(services: "pd.Series[Any]", amounts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `tables.SUPPLIES` of facilities with `services` (tuples).

    An amount goes to the services of its kind (beds to eldercare, places to childcare, floor area to all). Where several of one
    facility's services could hold it, each has between 0 and all of it: a combined building does not lend its floor area twice.
    """
    stated = {field: _bounds(table) for field, table in amounts.items()}
    rows: list[tuple[str, str, str, float, float]] = []
    for facility_id, types in services.items():
        wanted = {s for t in types for s in ALWAYS[kind_of(t)]} | set(stated)
        for supply in (s for s in AMOUNTS if s in wanted):
            holders = [t for t in types if _may_hold(t, supply)]
            # a column that the register lacks is unknown, but a part is never more than its whole
            whole = stated.get(PARTS.get(supply, ""), {}).get(str(facility_id), (0.0, INF))
            low, high = stated[supply][str(facility_id)] if supply in stated else (0.0, whole[1])
            rows.extend(
                (str(facility_id), holder, supply, low if len(holders) == 1 else 0.0, high)
                for holder in holders
                if supply in stated or supply in ALWAYS[kind_of(holder)]
            )
    return pd.DataFrame(rows, columns=["facility_id", "service", "supply", "low", "high"]).astype(
        {"facility_id": object, "service": object, "supply": object, "low": float, "high": float}
    )


def _bounds(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    return {
        str(i): (float(low), float(high))
        for i, low, high in zip(table.index, table["low"], table["high"], strict=True)
    }


def kind_of(facility_type: str) -> str:
    """Return ``elder`` (beds), ``child`` (places) or ``other`` for a facility type."""
    return "elder" if facility_type in ELDER_TYPES else "child" if facility_type in CHILD_TYPES else "other"


def may_hold(types: tuple[str, ...], supply: str) -> bool:
    """Return True where one of a facility's services has such an amount.

    Examples
    --------
    >>> may_hold(("childcare",), "beds"), may_hold(("childcare", "elder_home"), "beds")
    (False, True)
    """
    return any(_may_hold(facility_type, supply) for facility_type in types)


def _may_hold(facility_type: str, supply: str) -> bool:
    kind = kind_of(facility_type)
    if kind == "other" and facility_type in NO_CAPACITY_TYPES:
        return supply not in _ELDER_SUPPLIES | _CHILD_SUPPLIES
    return not (kind == "elder" and supply in _CHILD_SUPPLIES) and not (
        kind == "child" and supply in _ELDER_SUPPLIES
    )


def misplaced(
    services: "pd.Series[Any]",
    amounts: Mapping[str, pd.DataFrame],
    columns: Columns,
    numbers: "pd.Series[int]",
    *,
    file: str,
) -> list[Note]:
    """Return a note for every amount that no service of its row can hold, e.g. beds of a nursery."""
    notes = []
    for supply, table in amounts.items():
        stated = _bounds(table)
        for facility_id, types in services.items():
            low = stated[str(facility_id)][0]
            if low > 0 and not may_hold(types, supply):
                words = {
                    "column": columns.header[supply],
                    "stated": _shown(low),
                    "services": ", ".join(types),
                }
                notes.append(
                    Note.of(
                        "amount_without_service",
                        file=file,
                        row=row_of(numbers.loc[str(facility_id)]),
                        **words,
                    )
                )
    return notes


def combined(
    services: "pd.Series[Any]", amounts: Mapping[str, pd.DataFrame], numbers: "pd.Series[int]", *, file: str
) -> list[Note]:
    """Return a note for every facility whose floor area is known only for its services together."""
    if "floor_area_m2" not in amounts:
        return []
    area = _bounds(amounts["floor_area_m2"])
    notes = []
    for facility_id, types in services.items():
        high = area[str(facility_id)][1]
        if len(types) > 1 and np.isfinite(high):
            where = {"file": file, "row": row_of(numbers.loc[str(facility_id)]), "severity": "info"}
            notes.append(Note.of("floor_area_shared", **where, area=_shown(high), services=", ".join(types)))  # type: ignore[arg-type]
    return notes


def known_total(amounts: Mapping[str, pd.DataFrame], field: str, index: pd.Index) -> pd.Series:
    """Return what is known of an amount (its least) by facility; 0 where the register has no such column."""
    table = amounts.get(field)
    return pd.Series(0.0, index=index) if table is None else table["low"].reindex(index)


def _doubt(field: str, value: float) -> str:
    return "amount_implausible" if value > PLAUSIBLE_MOST.get(field, INF) else ""


def _note(code: str, file: str, number: object, header: str, cell: object, amount: Amount) -> Note:
    severity = _SEVERITY.get(code, "warning")
    words = {"column": header, "cell": plain(cell), "low": _shown(amount.low), "high": _shown(amount.high)}
    return Note.of(code, file=file, row=row_of(number), severity=severity, **words)


def row_of(number: object) -> int | None:
    """Return a row number as notes have it; None where the source has no rows."""
    return None if number is pd.NA or number is None else int(number)  # type: ignore[call-overload]


def _shown(value: float) -> str:
    return "∞" if value == INF else f"{value:g}" if value < 1e6 else f"{value:.0f}"


def is_known(amounts: Mapping[str, pd.DataFrame], field: str, services: "pd.Series[Any]") -> pd.Series:
    """Return whether an amount is known exactly; True where no service of the row has it: nothing is missing there."""
    holds = services.map(lambda types: may_hold(types, field)).astype(bool)
    table = amounts.get(field)
    known = pd.Series(False, index=services.index) if table is None else table["low"] == table["high"]
    return known.reindex(services.index) | ~holds
