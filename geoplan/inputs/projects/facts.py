"""What each project is and adds: works, facility types, count, money, years, amounts, attributes, and the indicators that it claims."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from geoplan.inputs.facilities.fields import ATTRIBUTES, PARTS
from geoplan.inputs.facilities.fields import FIELDS as REGISTER_FIELDS
from geoplan.inputs.lists.cells import (
    cell_text,
    is_blank,
    read_cost,
    read_flag,
    read_works,
    read_year,
    shown,
    split_words,
)
from geoplan.inputs.lists.rows import Rows
from geoplan.inputs.lists.types import Types, named_type, printed_types, type_words
from geoplan.inputs.lists.zone_names import clean_name
from geoplan.inputs.projects.fields import (
    ADDED,
    WHOLE_AREA,
    amount_in_text,
    approximate_words,
    family_of_word,
    read_added,
    read_span,
)
from geoplan.words.errors import Note


def read_facts(
    rows: Rows, types: Types, indicators: Mapping[str, Sequence[str]] | None, notes: list[Note]
) -> pd.DataFrame:
    """Return the columns of `tables.PROJECTS` that do not say where a project is."""
    table = pd.DataFrame(index=rows.index)
    for name, source in (("name", "name"), ("number", "id"), ("type_word", "type"), ("place", "place"), ("funds", "funds"),
                         ("unit", "unit"), ("content", "content"), ("extends", "extends")):  # fmt: skip
        table[name] = rows.text(source)
    table["works"] = rows.read("works", read_works, notes, absent="")
    table["services"] = _services(rows, table, types, notes)
    _add_amounts(rows, table, notes)
    table["facilities"] = _counts(rows, table, notes)
    cost = partial(read_cost, factor=rows.columns.factor.get("cost", 1.0))
    table["cost"] = rows.read("cost", cost, notes, absent=np.nan).astype(float)
    table["cost_from"] = np.where(table["cost"].notna(), "stated", "")
    table["start_year"], table["open_year"] = _years(rows, notes)
    for name in ATTRIBUTES:
        table[name] = rows.read(name, partial(read_flag, field=name), notes).astype("boolean")
    # a project that calls itself 普惠 is inclusive
    table["inclusive"] = table["inclusive"].mask(
        table["inclusive"].isna() & table["name"].str.contains("普惠"), True
    )
    table["indicators"] = _indicators(rows, indicators, notes)
    return table


def _services(rows: Rows, table: pd.DataFrame, types: Types, notes: list[Note]) -> list[tuple[str, ...]]:
    """Return the facility types of every project: as mapped, else as its name shows within its category."""
    mapped = type_words(types)
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


def _counts(rows: Rows, table: pd.DataFrame, notes: list[Note]) -> list[float]:
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


def _years(rows: Rows, notes: list[Note]) -> tuple[list[float], list[float]]:
    """Return the first year of works and the year of completion of every project; NaN where not stated."""
    starts, opens = [], []
    texts = zip(rows.text("years"), rows.text("start_year"), rows.text("open_year"), rows.index, strict=True)
    for years, start_cell, open_cell, project_id in texts:
        start, opened = read_span(years)
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


def _add_amounts(rows: Rows, table: pd.DataFrame, notes: list[Note]) -> None:
    """Add what every project adds, as least and most; NaN where the list does not say."""
    texts = rows.text("content")
    for supply in ADDED:
        blank = pd.Series(None, index=rows.index, dtype=object)
        cells = rows.cells.get(supply, blank)
        bounds = []
        for project_id, cell in cells.items():
            low, high, odd = read_added(cell, rows.columns.factor.get(supply, 1.0))
            if odd:
                words = {"low": shown(low), "high": shown(high)}
                notes.append(rows.at_cell(odd, project_id, supply, cell, **words))
            if np.isnan(low) and is_blank(cell):
                low = high = amount_in_text(str(texts.loc[str(project_id)]), supply)
                if not np.isnan(low):
                    field = REGISTER_FIELDS[supply]
                    words = {"supply_zh": field.zh, "supply_en": field.en, "amount": f"{low:g}"}
                    notes.append(rows.note("project_amount_from_text", project_id, severity="info", **words))
            bounds.append((low, high))
        table[supply], table[f"{supply}_high"] = (
            pd.Series(ends, index=table.index, dtype=float)
            for ends in (zip(*bounds, strict=True) if bounds else ((), ()))
        )
    _check_parts(rows, table, notes)
    _check_areas(rows, table, notes)


def _check_parts(rows: Rows, table: pd.DataFrame, notes: list[Note]) -> None:
    """Take back a part that is larger than its whole: neither is known to be right, the whole stands."""
    for part, whole in PARTS.items():
        if part not in ADDED or whole not in ADDED:
            continue
        # works on a named facility may turn beds that it has into nursing beds
        over = (table[part] > table[f"{whole}_high"]) & (table["extends"] == "")
        for project_id in table.index[over]:
            words = {"part": f"{table.loc[project_id, part]:g}", "whole": f"{table.loc[project_id, whole]:g}"}
            notes.append(rows.note("project_part_over_whole", project_id, **words))
        table.loc[over, [part, f"{part}_high"]] = np.nan


def _check_areas(rows: Rows, table: pd.DataFrame, notes: list[Note]) -> None:
    """Mark approximate areas, and take back those of a whole house: how much of it is added is not known."""
    remarks = rows.text("note")
    table["approximate"] = [read_flag(cell)[0] is True for cell in rows.text("approximate")]
    for project_id in table.index:
        content = str(table.loc[project_id, "content"])
        words = approximate_words(content)
        if table.loc[project_id, "approximate"] or words:
            table.loc[project_id, "approximate"] |= any("平" in word for word in words)
            notes.append(
                rows.note(
                    "project_approximate",
                    project_id,
                    words=tuple(words) or rows.columns.header["approximate"],
                )
            )
        scope = f"{rows.text('area_scope')[project_id]} {remarks[project_id]}"
        if WHOLE_AREA.search(scope):
            area = f"{table.loc[project_id, 'floor_area_m2']:g}"
            table.loc[project_id, ["floor_area_m2", "floor_area_m2_high"]] = np.nan
            notes.append(rows.note("project_area_of_whole", project_id, area=area))


def _indicators(
    rows: Rows, known: Mapping[str, Sequence[str]] | None, notes: list[Note]
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


def _known_words(cell: str, known: Mapping[str, object]) -> list[str]:
    """Return the words of a cell; the longest run of them that is itself a known name stays one: 助餐、助浴服务覆盖率."""
    words, between = split_words(cell), cell_text(cell)
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


def repeated(rows: Rows, table: pd.DataFrame) -> list[Note]:
    """Return a note for every project whose name stands in an earlier row too."""
    names = table["name"].map(clean_name)
    again = names.duplicated() & (names != "")
    return [
        rows.note("project_twice", project_id, name=table.loc[project_id, "name"])
        for project_id in table.index[again]
    ]
