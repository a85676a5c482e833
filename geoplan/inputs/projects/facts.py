"""What each project is: works, facility types, count, money, years, attributes, and the indicators that it claims."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from geoplan.inputs.facilities.cells import plain, read_flag, read_year, split_words
from geoplan.inputs.facilities.columns import FLAGS
from geoplan.inputs.facilities.zone_names import clean_name
from geoplan.inputs.projects.cells import (
    PRINTED_TYPES,
    family_of_word,
    named_type,
    read_added,
    read_cost,
    read_works,
    read_years,
)
from geoplan.inputs.projects.listed import Listed
from geoplan.words.errors import Note

Types = Mapping[str, str | Sequence[str]]


def read_all_works(rows: Listed, notes: list[Note]) -> list[str]:
    """Return the kind of works of every project; empty where the list does not say."""
    found = []
    for project_id, cell in rows.text("works").items():
        works, readable = read_works(cell)
        found.append(works)
        if not readable:
            notes.append(rows.note("project_works_unknown", project_id, cell=cell))
    return found


def read_services(
    rows: Listed, table: pd.DataFrame, types: Types, notes: list[Note]
) -> list[tuple[str, ...]]:
    """Return the facility types of every project: as mapped, else as its name shows within its category."""
    mapped = {
        clean_name(word): ((kinds,) if isinstance(kinds, str) else tuple(kinds))
        for word, kinds in types.items()
    }
    longest = sorted(mapped, key=lambda word: (-len(word), word))
    found = []
    for project_id, name, word in zip(table.index, table["name"], table["type_word"], strict=True):
        in_name = next((key for key in longest if key in clean_name(name)), None)
        printed = () if clean_name(word) in mapped else printed_types(word)
        if printed:
            found.append(printed)
            continue
        key = clean_name(word) if clean_name(word) in mapped else in_name
        if key is not None:
            found.append(mapped[key])
            continue
        family = family_of_word(word)
        guess = "" if word and family is None else named_type(name, family)
        found.append((guess,) if guess else ())
        if guess:
            notes.append(
                rows.note("project_type_from_name", project_id, severity="info", name=name, type=guess)
            )
        elif not word or family is not None:
            notes.append(rows.note("project_type_unknown", project_id, name=name, word=word or "–"))
    return found


def read_counts(rows: Listed, table: pd.DataFrame, notes: list[Note]) -> list[float]:
    """Return how many facilities each row stands for; a row without a count stands for one, unless it names no place."""
    found = []
    for project_id, cell in rows.text("facilities").items():
        count = read_added(cell, 1.0)[0]
        if np.isnan(count):
            count = 1.0 if "facilities" not in rows.cells else np.nan
        if count > 1 and table.loc[str(project_id), "services"]:
            notes.append(rows.note("project_several", project_id, severity="info", count=f"{count:g}"))
        if np.isnan(count):
            notes.append(rows.note("project_count_unknown", project_id))
        found.append(count)
    return found


def read_costs(rows: Listed, notes: list[Note]) -> list[float]:
    """Return the investment of every project, 10,000 yuan; NaN where it is not stated."""
    found = []
    for project_id, cell in rows.text("cost").items():
        cost, odd = read_cost(cell, rows.columns.factor.get("cost", 1.0))
        found.append(cost)
        if odd:
            severity = "info" if odd == "approximate" else "warning"
            notes.append(rows.note(f"project_cost_{odd}", project_id, severity=severity, cell=cell))
    return found


def read_all_years(rows: Listed, notes: list[Note]) -> tuple[list[float], list[float]]:
    """Return the first year of works and the year of completion of every project; NaN where not stated."""
    starts, opens = [], []
    texts = zip(
        rows.text("years"), rows.text("start_year"), rows.text("open_year"), rows.cells.index, strict=True
    )
    for years, start_cell, open_cell, project_id in texts:
        start, opened = read_years(years)
        start = read_year(start_cell)[0] if start_cell else start
        opened = read_year(open_cell)[0] if open_cell else opened
        if start > opened:
            notes.append(
                rows.note("project_years_reversed", project_id, start=f"{start:g}", end=f"{opened:g}")
            )
            start, opened = np.nan, np.nan
        elif np.isnan(opened):
            notes.append(rows.note("project_no_year", project_id))
        starts.append(start)
        opens.append(opened)
    return starts, opens


def add_flags(rows: Listed, table: pd.DataFrame, notes: list[Note]) -> None:
    """Add the attributes of registers, three-valued; a project that calls itself 普惠 is inclusive."""
    for flag in FLAGS:
        values: list[bool | None] = []
        for project_id, cell in rows.text(flag).items():
            value, odd = read_flag(cell, field=flag)
            if odd:
                column = rows.columns.header[flag]
                notes.append(rows.note("project_amount_odd", project_id, column=column, cell=cell))
            if flag == "inclusive" and value is None and "普惠" in str(table.loc[str(project_id), "name"]):
                value = True
            values.append(value)
        table[flag] = pd.array(values, dtype="boolean")


def read_indicators(
    rows: Listed, known: Mapping[str, Sequence[str]] | None, notes: list[Note]
) -> list[tuple[str, ...]]:
    """Return the rules that each project says it supports."""
    names = None if known is None else {clean_name(word): tuple(ids) for word, ids in known.items()}
    found = []
    for project_id, cell in rows.text("indicators").items():
        words = split_words(cell) if names is None else _known_words(cell, names)
        if names is None:
            found.append(tuple(words))
            continue
        notes.extend(
            rows.note("project_indicator_unknown", project_id, word=word)
            for word in words
            if clean_name(word) not in names
        )
        found.append(tuple(dict.fromkeys(rule for word in words for rule in names.get(clean_name(word), ()))))
    return found


def printed_types(cell: str) -> tuple[str, ...]:
    """Return the facility types of a cell that holds nothing but their printed names; empty for any other.

    Examples
    --------
    >>> printed_types("社区日间照料设施、托育机构"), printed_types("养老"), printed_types("")
    (('elder_day_care', 'childcare'), (), ())
    """
    kinds = [_PRINTED.get(clean_name(word)) for word in split_words(cell)]
    return tuple(kind for kind in kinds if kind is not None) if all(kinds) else ()


_PRINTED = {clean_name(word): kind for word, kind in PRINTED_TYPES.items()}


def _known_words(cell: str, known: Mapping[str, object]) -> list[str]:
    """Return the words of a cell; the longest run of them that is itself a known name stays one: 助餐、助浴服务覆盖率."""
    words, between = split_words(cell), plain(cell)
    found = []
    at, start = 0, 0
    while at < len(words):
        start = between.index(words[at], start)
        for end in range(len(words), at, -1):
            stop = start
            for word in words[at:end]:
                stop = between.index(word, stop) + len(word)
            run = between[start:stop]
            if end == at + 1 or clean_name(run) in known:
                found.append(run)
                at, start = end, stop
                break
    return found


def repeated(rows: Listed, table: pd.DataFrame) -> list[Note]:
    """Return a note for every project whose name stands in an earlier row too."""
    names = table["name"].map(clean_name)
    again = names.duplicated() & (names != "")
    return [
        rows.note("project_twice", project_id, name=table.loc[project_id, "name"])
        for project_id in table.index[again]
    ]
