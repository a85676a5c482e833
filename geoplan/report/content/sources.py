"""Sheets on where the numbers come from: not yet placed, warnings, sources and parameters."""

import dataclasses

import pandas as pd

from geoplan.report import look
from geoplan.report.content.sheet import (
    Block,
    Cell,
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
from geoplan.tables import Outcome

#: What a register is counted by, and the prefix of its columns in the reconciliation.
_COUNTED = (("rows", ""), ("beds", "beds_"), ("places", "places_"))
#: Where a row may end, in the order in which the sums go down.
_ENDS = ("rows", "closed", "not_open", "outside", "duplicate", "unknown_type", "not_placed", "in_run")


def unplaced(outcome: Outcome) -> Sheet:
    """Return 待落点清单, with each register's 落点率 above it."""
    lang, names, table = outcome.lang, Names(outcome), outcome.unplaced
    columns = [
        Column(look.label("serial", lang), "whole", 6),
        Column(look.label("name", lang), "text", 30),
        Column(look.label("services", lang), "text", 22),
        Column(look.label("zone", lang), "text", 16),
        Column(look.label("address", lang), "text", 24),
        Column(word("counted_beds", lang), "whole", 7),
        Column(word("counted_places", lang), "whole", 7),
        Column(look.label("location", lang), "text", 16),
        Column(word("matched", lang), "text", 16),
        Column(look.label("source_file", lang), "text", 28),
        Column(look.label("source_row", lang), "whole", 8),
    ]
    rows: list[list[Value | Cell]] = []
    for position, (key, row) in enumerate(table.iterrows(), start=1):
        known = outcome.facilities.loc[key] if key in outcome.facilities.index else pd.Series(dtype=object)
        services = row.get("services", known.get("services", ()))
        rows.append(
            [
                position,
                text(row.get("name")),
                "、".join(look.facility_label(s, lang) for s in services)
                if isinstance(services, tuple | list)
                else text(services),
                text(row.get("zone_names")) or names.zone(row.get("zone_id")),
                text(row.get("address", known.get("address"))),
                number(row.get("beds"), "whole"),
                number(row.get("places"), "whole"),
                look.label(row.get("location_quality", known.get("location_quality")), lang),
                text(row.get("matched_name")),
                text(row.get("source_file", row.get("file"))),
                number(row.get("source_row", row.get("row")), "whole"),
            ]
        )
    notes = [word("unplaced_note", lang), *_placed_shares(outcome)]
    return Sheet(look.label("unplaced_sheet", lang), (block_of(columns, rows),), tuple(notes), 2)


def reconciled(outcome: Outcome) -> Sheet:
    """Return where every row of every register ended, and under it 待落点清单."""
    waiting = unplaced(outcome)
    listed = dataclasses.replace(waiting.blocks[0], heading=waiting.name)
    block = _reconciliation(outcome)
    blocks = (*([block] if block else []), listed)
    return Sheet(waiting.name, blocks, waiting.notes, 2, listed=len(blocks) - 1)


def _placed_shares(outcome: Outcome) -> list[str]:
    """Return each register's 落点率 in a sentence, by rows, beds and places."""
    lang, told = outcome.lang, []
    for row in rows_of(outcome.reconciliation):
        parts = []
        for counted, prefix in _COUNTED:
            placed, waiting = (float(row.get(f"{prefix}{end}", 0) or 0) for end in ("in_run", "not_placed"))
            if placed + waiting > 0:
                share = look.share(placed / (placed + waiting))
                of = look.whole(placed + waiting)
                what = word(f"counted_{counted}", lang)
                parts.append(
                    word("placed_part", lang, what=what, of=of, placed=look.whole(placed), share=share)
                )
        joint = "；" if lang == "zh" else "; "
        told.append(word("placed", lang, file=row["file"], parts=joint.join(parts)))
    return told


def warnings(outcome: Outcome) -> Sheet:
    """Return every warning with what was done about it."""
    lang, names = outcome.lang, Names(outcome)
    columns = [
        Column(look.label("serial", lang), "whole", 6),
        Column(look.label("severity", lang), "text", 8, "severity"),
        Column(look.label("file", lang), "text", 28),
        Column(look.label("row", lang), "whole", 7),
        Column(look.label("zone", lang), "text", 16),
        Column(look.label("text", lang), "text", 60),
        Column(look.label("action", lang), "text", 46),
        Column(look.label("code", lang), "text", 26),
    ]
    rows: list[list[Value | Cell]] = [
        [
            position,
            look.label(row["severity"], lang),
            text(row["file"]),
            number(row["row"], "whole"),
            names.zone(row["zone"]) if present(row["zone"]) else "",
            text(row["text"]),
            text(row["action"]),
            text(row["code"]),
        ]
        for position, row in enumerate(rows_of(outcome.warnings), start=1)
    ]
    colours = {look.label("error", lang): "error", look.label("warning", lang): "warning"}
    return Sheet(
        look.label("warnings_sheet", lang),
        (block_of(columns, rows),),
        (word("warnings_note", lang),),
        2,
        colours,
    )


def sources(outcome: Outcome) -> Sheet:
    """Return sources, people's basis, parameters and clauses not assessed."""
    blocks = [_files(outcome), _groups(outcome)]
    blocks += [block for block in (_parameters(outcome), _pace(outcome), _not_assessed(outcome)) if block]
    owed = look.attribution(outcome.sources)
    name = look.label("sources_sheet", outcome.lang)
    return Sheet(name, tuple(blocks), (word("sources_note", outcome.lang), *owed))


def _files(outcome: Outcome) -> Block:
    lang = outcome.lang
    columns = (
        Column(look.label("file", lang), "text", 36),
        Column(look.label("role", lang), "text", 24),
        Column(look.label("datum", lang), "text", 11),
        Column(look.label("rows", lang), "whole", 10),
        Column(look.label("bytes", lang), "whole", 11),
        Column(look.label("note", lang), "text", 18),
        Column(look.label("sha256", lang), "text", 26),
    )
    rows: list[list[Value | Cell]] = [
        [s.file, look.label(s.role, lang), s.datum, number(s.rows, "whole"), s.bytes, s.note, s.sha256]
        for s in outcome.sources
    ]
    return block_of(columns, rows, word("block_sources", lang))


def _groups(outcome: Outcome) -> Block:
    lang = outcome.lang
    columns = (
        Column(look.label("group", lang)),
        Column(look.label("basis", lang)),
        Column(look.label("year", lang), "id"),
        Column(look.label("sum", lang), "whole"),
        Column(look.label("source", lang)),
    )
    rows: list[list[Value | Cell]] = [
        [
            look.label(group, lang),
            text(row["basis"]),
            number(row["year"], "id"),
            number(row["total"], "whole"),
            text(row["source"]),
        ]
        for group, row in outcome.groups.iterrows()
    ]
    return block_of(columns, rows, word("block_groups", lang))


def _reconciliation(outcome: Outcome) -> Block | None:
    """Return where every row ended: rows -> closed, duplicate … -> not placed -> in the run."""
    lang, table = outcome.lang, outcome.reconciliation
    if empty(table):
        return None
    ends = [end for end in _ENDS if end in table.columns]
    # the first columns are those of the list below it: a serial, then names
    columns = (
        Column(look.label("serial", lang), "whole", 6),
        Column(look.label("file", lang), "text", 30),
        Column(word("counted", lang), "text", 10),
        *(Column(word(f"end_{end}", lang), "whole", 10) for end in ends),
    )
    rows: list[list[Value | Cell]] = []
    for row in rows_of(table):
        for counted, prefix in _COUNTED:
            values = [row.get(f"{prefix}{end}") for end in ends]
            if any(value is not None and present(value) and float(value) for value in values):
                said: list[Value | Cell] = [
                    len(rows) + 1,
                    text(row["file"]),
                    word(f"counted_{counted}", lang),
                ]
                rows.append([*said, *(number(value, "whole") for value in values)])
    return block_of(columns, rows, word("block_reconciliation", lang))


def _parameters(outcome: Outcome) -> Block | None:
    lang, table = outcome.lang, outcome.parameters
    if empty(table):
        return None
    columns = (
        Column(look.label("entry", lang)),
        Column(look.label("value", lang)),
        Column(look.label("unit", lang)),
        Column(look.label("given", lang)),
    )
    rows: list[list[Value | Cell]] = [
        [
            text(row["entry"]),
            text(row["value"]),
            text(row["unit"]),
            word("given" if row["given"] else "default", lang),
        ]
        for row in rows_of(table)
    ]
    return block_of(columns, rows, word("block_parameters", lang))


def _pace(outcome: Outcome) -> Block | None:
    table = outcome.pace_notes
    if empty(table):
        return None
    columns = tuple(Column(look.label(str(column), outcome.lang)) for column in table.columns)
    rows: list[list[Value | Cell]] = [
        [
            value
            if isinstance(value, int | float) and not isinstance(value, bool) and present(value)
            else text(value)
            for value in row
        ]
        for row in table.itertuples(index=False)
    ]
    return block_of(columns, rows, word("block_pace", outcome.lang))


def _not_assessed(outcome: Outcome) -> Block | None:
    lang, table = outcome.lang, outcome.not_assessed
    if empty(table):
        return None
    told = [name for name in (f"what_{lang}", "text", "reason", f"reason_{lang}") if name in table.columns]
    columns = (
        Column(word("pack", lang)),
        Column(look.label("clause", lang)),
        *(Column(look.label("reason" if "reason" in name else "text", lang)) for name in told),
    )
    rows: list[list[Value | Cell]] = [
        [text(row["pack"]), text(row["clause"]), *(text(row[name]) for name in told)]
        for row in rows_of(table)
    ]
    return block_of(columns, rows, look.label("not_assessed_sheet", lang))
