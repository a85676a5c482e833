"""The comparison of two results as sheets: ``compare.xlsx``, ``compare.csv``, and the rows that the command prints."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from geoplan.report import look
from geoplan.report.compare.compare import VERDICT_CHANGES, Comparison
from geoplan.report.content.sheet import (
    Block,
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    between,
    block_of,
    number,
    present,
    rows_of,
    text,
    value_kind,
)
from geoplan.report.workbook import workbook
from geoplan.words.catalogue import phrase

#: Levels whose gaps the sheets list, as an office works by them.
LEVELS = ("area", "district", "town", "community")
#: People who come in or fall out are listed from this many on; less is rounding of paces and places.
LEAST_PEOPLE = 0.5
#: Verdicts in the order in which they are listed.
_CHANGED_FIRST = (*(change for change in VERDICT_CHANGES if change != "same"), "same")
#: Widths of the first columns of the overview, whose blocks stand one under the other.
_WIDE = (18.0, 38.0, 13.0)


def said(code: str, lang: str, **values: object) -> str:
    """Return the words ``compare_<code>`` in `lang`.

    Examples
    --------
    >>> said("before", "en"), said("change_won", "zh")
    ('Base', '新达标')
    """
    return phrase(f"compare_{code}", lang, **values)


class Told:
    """Names of zones and rules of both results, the second's first."""

    def __init__(self, comparison: Comparison) -> None:
        self.lang = comparison.lang
        self.after, self.before = Names(comparison.after), Names(comparison.before)
        self._zones, self._rules = comparison.after.zones.index, comparison.after.rules.index
        self._both = (comparison.before.services, comparison.after.services)
        self._services = {**comparison.before.services, **comparison.after.services}

    def of_zone(self, zone_id: str) -> Names:
        """Return the names of the result that has the zone."""
        return self.after if zone_id in self._zones else self.before

    def of_rule(self, rule_id: str) -> Names:
        """Return the names of the result that has the rule."""
        return self.after if rule_id in self._rules else self.before

    def zone(self, zone_id: str) -> str:
        """Return a zone's name."""
        return self.of_zone(zone_id).zone(zone_id)

    def town(self, zone_id: str) -> str:
        """Return the town that holds a zone (or is it); its district where there are no towns."""
        names = self.of_zone(zone_id)
        return names.above(zone_id, "town") or names.above(zone_id, "district")

    def rule(self, rule_id: str) -> str:
        """Return an indicator's name."""
        return self.of_rule(rule_id).rule(rule_id)

    def kind(self, rule_id: str) -> str:
        """Return the number format of a rule's values."""
        return value_kind(self.of_rule(rule_id), rule_id)

    def service(self, service: str) -> str:
        """Return a service's name."""
        return look.service_label(self._services, service, self.lang)

    def measure(self, service: str, measure: str) -> str:
        """Return a circle's measure with its pace and minutes, both where the results differ in them."""
        labels = [
            look.measure_label(services[service], measure, self.lang)
            for services in self._both
            if service in services
        ]
        return " → ".join(dict.fromkeys(labels))


def sheets(comparison: Comparison) -> tuple[Sheet, ...]:
    """Return every sheet of ``compare.xlsx``, the conclusion first."""
    told = Told(comparison)
    found = [
        overview(comparison, told),
        verdict_sheet(comparison, told),
        gap_sheet(comparison, told),
        people_sheet(comparison, told),
    ]
    return tuple(found)


def write_workbook(comparison: Comparison, path: Path) -> None:
    """Write ``compare.xlsx``: same comparison, same bytes.

    Raises
    ------
    OSError
        If the file cannot be written, e.g. because another program holds it open.
    """
    workbook.write_sheets(sheets(comparison), comparison.titled(), path)


def _notes(comparison: Comparison) -> tuple[str, ...]:
    one, other = comparison.names()
    lines = [said("note_names", comparison.lang, before=one, after=other)]
    return (*lines, *(note.text(comparison.lang) for note in comparison.notes))


def overview(comparison: Comparison, told: Told) -> Sheet:
    """Return the sheet that says what changes: people in all, facilities, verdicts, gaps by unit."""
    blocks = (
        area_block(comparison, told),
        facility_block(comparison, told),
        change_block(comparison, told),
        totals_block(comparison, told),
    )
    notes = (*_notes(comparison), said("note_totals", told.lang))
    return Sheet(said("sheet_overview", told.lang), blocks, notes, 0, colours(told.lang))


def colours(lang: str) -> dict[str, str]:
    """Return the words of changes and verdicts and what colours them."""
    words = {look.label(verdict, lang): verdict for verdict in ("met", "not_met", "no_data")}
    good, bad = ("won", "gone", "opened", "larger"), ("lost", "new", "closed", "smaller")
    words |= {said(f"change_{change}", lang): "met" for change in good}
    return words | {said(f"change_{change}", lang): "flag" for change in bad}


def _pair(name: str, lang: str, kind: str, width: float = 10) -> list[Column]:
    """Return the columns of a figure before and after."""
    return [Column(f"{name}\n{said(side, lang)}", kind, width) for side in ("before", "after")]


def area_block(comparison: Comparison, told: Told) -> Block:
    """Return people in the circle of the whole area, by every measure."""
    lang = told.lang
    columns = [
        Column(look.label("service", lang), "text", _WIDE[0]),
        Column(look.label("measure", lang), "text", _WIDE[1]),
        *_people_columns(lang),
    ]
    table = comparison.people
    rows: list[list[Value | Cell]] = [
        [told.service(row["service"]), told.measure(row["service"], row["measure"]), *_people_cells(row)]
        for row in rows_of(table[table["level"] == "area"])
    ]
    return block_of(columns, rows, said("people_heading", lang))


def _people_columns(lang: str) -> list[Column]:
    return [
        Column(look.label("people", lang), "whole", _WIDE[2]),
        *_pair(look.label("covered", lang), lang, "whole"),
        Column(said("change", lang), "whole", 9),
        *_pair(look.label("covered_share", lang), lang, "share"),
        Column(said("points", lang), "share", 9),
    ]


def _people_cells(row: Mapping[str, Any]) -> list[Value | Cell]:
    people = row["people_after"] if present(row["people_after"]) else row["people_before"]
    cells = [number(row[f"covered_{side}"], "whole") for side in ("before", "after", "change")]
    return [
        number(people, "whole"),
        *cells,
        *(number(row[f"share_{s}"], "share") for s in ("before", "after", "change")),
    ]


def people_sheet(comparison: Comparison, told: Told) -> Sheet:
    """Return people in the circle of every zone, as one walks it on the network."""
    lang = told.lang
    columns = [
        Column(look.label("town", lang), "text", 14),
        Column(look.label("zone", lang), "text", 18),
        Column(look.label("level", lang), "text", 8),
        Column(look.label("service", lang), "text", 11),
        *_people_columns(lang),
    ]
    table = comparison.people
    rows: list[list[Value | Cell]] = [
        [
            told.town(row["zone_id"]),
            told.zone(row["zone_id"]),
            look.label(f"brief_{row['level']}", lang),
            told.service(row["service"]),
            *_people_cells(row),
        ]
        for row in rows_of(table[table["level"].isin(LEVELS) & (table["measure"] == "network")])
    ]
    return Sheet(said("sheet_people", lang), (block_of(columns, rows),), _notes(comparison), 2)


def facility_block(comparison: Comparison, told: Told) -> Block:
    """Return the facilities that open, close, grow or shrink."""
    lang = told.lang
    columns = [
        Column(look.label("name", lang), "text", _WIDE[0]),
        Column(f"{look.label('services', lang)} · {look.label('facility_id', lang)}", "text", _WIDE[1]),
        Column(said("change", lang), "text", _WIDE[2], "verdict"),
        Column(look.label("capacity", lang), "text", 10),
        *_pair("", lang, "whole"),
    ]
    rows: list[list[Value | Cell]] = []
    comma = "、" if lang == "zh" else ", "
    for row in rows_of(comparison.facilities):
        pairs = [row[side] if isinstance(row[side], tuple) else None for side in ("before", "after")]
        types = comma.join(look.facility_label(kind, lang) for kind in row["services"])
        rows.append(
            [
                text(row["name"]),
                f"{types} · {row['facility_id']}",
                said(f"change_{row['change']}", lang),
                look.label(row["supply"], lang),
                *(None if pair is None else _amount(pair) for pair in pairs),
            ]
        )
    return block_of(columns, rows, said("facilities", lang))


def _amount(pair: tuple[float, float]) -> Value | Cell:
    unknown = pair[0] == 0 and pair[1] == float("inf")
    return "?" if unknown else between(pair[0], pair[1], "whole")


def change_block(comparison: Comparison, told: Told) -> Block:
    """Return the verdicts that change, under how many are won, lost and as before."""
    lang, counts = told.lang, comparison.verdicts["change"].value_counts()
    columns = [
        Column(said("change", lang), "text", _WIDE[0], "verdict"),
        Column(look.label("indicator", lang), "text", _WIDE[1]),
        Column(look.label("zone", lang), "text", _WIDE[2]),
        *verdict_columns(lang)[3:],
    ]
    same = said("change_same", lang)
    rows = [[row[2], row[1], row[0], *row[3:]] for row in verdict_rows(comparison, told) if row[2] != same]
    shown = [c for c in VERDICT_CHANGES if c in counts.index or c in ("won", "lost")]
    sums = [f"{said(f'change_{change}', lang)} {counts.get(change, 0)}" for change in shown]
    heading = (
        said("verdicts", lang)
        + ("：" if lang == "zh" else ": ")
        + ("，" if lang == "zh" else ", ").join(sums)
    )
    return block_of(columns, rows, heading)


def totals_block(comparison: Comparison, told: Told) -> Block:
    """Return the gaps by unit: one row an indicator and level, never summed over indicators."""
    lang = told.lang
    columns = [
        Column(look.label("unit", lang), "text", _WIDE[0]),
        Column(look.label("indicator", lang), "text", _WIDE[1]),
        Column(look.label("level", lang), "text", _WIDE[2]),
        Column(said("zones_count", lang), "whole", 10),
        *_pair(look.label("flagged", lang), lang, "whole", 9),
        *_pair(look.label("gross_shortfall", lang), lang, "whole"),
        Column(said("change", lang), "whole", 9),
        *_pair(look.label("no_data", lang), lang, "whole"),
        *_pair(look.label("people_affected", lang), lang, "whole"),
    ]
    rows: list[list[Value | Cell]] = [
        [
            look.unit(row["unit"], lang),
            told.rule(row["rule_id"]),
            look.label(f"brief_{row['level']}", lang),
            row["zones"],
            row["flagged_before"],
            row["flagged_after"],
            number(row["shortfall_before"], "whole"),
            number(row["shortfall_after"], "whole"),
            number(row["shortfall_change"], "whole"),
            row["unknown_before"],
            row["unknown_after"],
            number(row["people_affected_before"], "whole"),
            number(row["people_affected_after"], "whole"),
        ]
        for row in rows_of(comparison.totals)
    ]
    return block_of(columns, rows, said("totals", lang))


def verdict_rows(comparison: Comparison, told: Told) -> Iterator[list[Value | Cell]]:
    """Yield a row a finding: verdicts, values, targets and gaps of both results, what changes first."""
    order = {change: place for place, change in enumerate(_CHANGED_FIRST)}
    table = comparison.verdicts
    for row in rows_of(table.sort_values("change", key=lambda c: c.map(order), kind="stable")):
        kind = told.kind(row["rule_id"])
        yield [
            told.zone(row["zone_id"]),
            told.rule(row["rule_id"]),
            said(f"change_{row['change']}", told.lang),
            look.label(row["verdict_before"], told.lang),
            look.label(row["verdict_after"], told.lang),
            between(row["actual_low_before"], row["actual_high_before"], kind),
            between(row["actual_low_after"], row["actual_high_after"], kind),
            number(row["required_before"], kind),
            number(row["required_after"], kind),
            number(row["shortfall_before"], "whole"),
            number(row["shortfall_after"], "whole"),
            number(row["shortfall_change"], "whole"),
            look.unit(row["unit"], told.lang),
        ]


def verdict_columns(lang: str) -> list[Column]:
    """Return the columns of :func:`verdict_rows`."""
    verdicts = [
        Column(column.header, "text", 9, "verdict")
        for column in _pair(look.label("verdict", lang), lang, "text")
    ]
    return [
        Column(look.label("zone", lang), "text", 14),
        Column(look.label("indicator", lang), "text", 28),
        Column(said("change", lang), "text", 9, "verdict"),
        *verdicts,
        *_pair(look.label("actual", lang), lang, "rate"),
        *_pair(look.label("required", lang), lang, "rate"),
        *_pair(look.label("shortfall", lang), lang, "whole"),
        Column(said("shortfall_change", lang), "whole", 9),
        Column(look.label("unit", lang), "text", 8),
    ]


def verdict_sheet(comparison: Comparison, told: Told) -> Sheet:
    """Return verdicts won and lost, with the gaps in the unit in which one builds."""
    block = block_of(verdict_columns(told.lang), list(verdict_rows(comparison, told)))
    return Sheet(said("sheet_verdicts", told.lang), (block,), _notes(comparison), 2, colours(told.lang))


def gap_sheet(comparison: Comparison, told: Told) -> Sheet:
    """Return gaps of every community and town that is or was short, or that cannot be told."""
    lang = told.lang
    columns = [
        Column(look.label("town", lang), "text", 12),
        Column(look.label("zone", lang), "text", 14),
        Column(look.label("level", lang), "text", 9),
        Column(look.label("indicator", lang), "text", 28),
        Column(said("change", lang), "text", 9, "verdict"),
        *_pair(look.label("shortfall", lang), lang, "whole"),
        Column(said("shortfall_change", lang), "whole", 9),
        Column(look.label("unit", lang), "text", 8),
        *_pair(look.label("people_affected", lang), lang, "whole"),
    ]
    table = comparison.gaps
    short = [table[f"flagged_{side}"].fillna(value=True).astype(bool) for side in ("before", "after")]
    rows: list[list[Value | Cell]] = [
        [
            told.town(row["zone_id"]),
            told.zone(row["zone_id"]),
            look.label(f"brief_{row['level']}", lang),
            told.rule(row["rule_id"]),
            said(f"change_{row['change']}", lang),
            *(_shortfall(row, side, lang) for side in ("before", "after")),
            number(row["shortfall_change"], "whole"),
            look.unit(row["unit"], lang),
            number(row["people_affected_before"], "whole"),
            number(row["people_affected_after"], "whole"),
        ]
        for row in rows_of(table[short[0] | short[1]])
    ]
    return Sheet(said("sheet_gaps", lang), (block_of(columns, rows),), _notes(comparison), 4, colours(lang))


def _shortfall(row: Mapping[str, Any], side: str, lang: str) -> Value | Cell:
    if not present(row[f"flagged_{side}"]):
        return look.label("no_data", lang) if row["change"] in ("same", "other", f"only_{side}") else None
    return number(row[f"shortfall_{side}"], "whole")
