"""分街道指引: for every town what to build or enlarge, how much, by which clause, and when; a sheet a town."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.content.gaps import measure_of, place_of
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


@dataclass(frozen=True)
class Total:
    """What one indicator asks of a town in all: its rows of the gap list, added up."""

    rule_id: str
    part: str
    zones: int
    shortfall: float
    unit: str
    people: float
    phase: str
    cause: str
    clause: str


@dataclass(frozen=True)
class Town:
    """One town (district where there are no towns) and what is short in it."""

    zone_id: str
    name: str
    rows: tuple[dict[str, Any], ...]
    totals: tuple[Total, ...]


def guidance_level(outcome: Outcome) -> str:
    """Return the level that guidance is given for: towns, else districts, else the whole area."""
    levels = set(outcome.zones["level"])
    return next(level for level in ("town", "district", "area") if level in levels)


def towns(outcome: Outcome) -> tuple[Town, ...]:
    """Return every town in table order with its rows of the gap list and their totals.

    A row belongs to the town in which its community, estate or facility lies. What is judged of a coarser zone belongs to
    no town. A town that the study has no community of is left out: nothing was measured there.
    """
    level = guidance_level(outcome)
    parents = outcome.zones["parent_id"].to_dict()
    levels = outcome.zones["level"].to_dict()
    facilities = outcome.facilities["zone_id"].to_dict()

    def town_of(row: Mapping[str, Any]) -> object:
        member = row.get("member_id")
        at = facilities[member] if member in facilities else row["zone_id"]
        while present(at) and at in levels and levels[at] != level:
            at = parents[at]
        return at

    mine: dict[object, list[dict[str, Any]]] = {}
    for row in rows_of(outcome.gap_list):
        mine.setdefault(town_of(row), []).append(row)
    finest = Names(outcome).finest()
    measured = {town_of({"zone_id": zone}) for zone in outcome.zones.index[outcome.zones["level"] == finest]}
    own = outcome.zones[outcome.zones["level"] == level]
    return tuple(
        Town(str(zone), text(name) or str(zone), tuple(mine.get(zone, [])), _totals(mine.get(zone, [])))
        for zone, name in own["name"].items()
        if zone in mine or zone in measured
    )


def _totals(rows: list[dict[str, Any]]) -> tuple[Total, ...]:
    """Return a total a rule and part (flag, finding, member), in the order in which they come."""
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault((str(row["rule_id"]), text(row.get("part")) or "flag"), []).append(row)
    found = []
    for (rule, part), own in sorted(
        grouped.items(), key=lambda item: ("flag", "finding", "member").index(item[0][1])
    ):
        short = pd.Series([row["shortfall"] for row in own], dtype=float)
        people = pd.Series([row["people_affected"] for row in own], dtype=float)
        causes = pd.Series([text(row["cause"]) for row in own]).replace("", None).dropna()
        found.append(
            Total(
                rule_id=rule,
                part=part,
                zones=len(own),
                shortfall=float(short.sum(min_count=1)),
                unit=text(own[0]["unit"]),
                people=float(people.sum(min_count=1)),
                phase=text(own[0].get("phase")),
                cause=str(causes.mode().iloc[0]) if len(causes) else "",
                clause=text(own[0].get("clause")),
            )
        )
    return tuple(found)


def work(names: Names, total: Total) -> str:
    """Return what is to be built or enlarged for one indicator, in words: ``新建、改扩建托育服务设施，共补足 34 个托位``."""
    lang = names.lang
    what = text(names.of_rule(total.rule_id, f"facilities_{lang}")) or word("work_anything", lang)
    if total.part == "member":
        return word("work_members", lang, what=what, count=total.zones)
    if not present(total.shortfall):
        return word("work_plain", lang, what=what)
    amount = look.whole(total.shortfall)
    if total.unit == "people":
        return word("work_people", lang, what=what, amount=amount)
    space = "" if lang == "zh" else " "
    return word("work_amount", lang, what=what, amount=f"{amount}{space}{look.unit(total.unit, lang)}")


def town_sheets(outcome: Outcome) -> tuple[Sheet, ...]:
    """Return a sheet a town: what is to be done by indicator, then community by community; none without a gap list."""
    if empty(outcome.gap_list):
        return ()
    names = Names(outcome)
    return tuple(_sheet(outcome, names, town) for town in towns(outcome))


#: Header, kind, width of the columns of both blocks; the first is filled in.
_COLUMNS = (
    ("serial", "whole", 6.0),
    ("place", "text", 18.0),
    ("indicator", "text", 26.0),
    ("shortfall", "whole", 9.0),
    ("unit", "text", 9.0),
    ("work", "text", 36.0),
    ("clause", "text", 26.0),
    ("phase", "text", 8.0),
    ("people_affected", "whole", 10.0),
    ("cause", "text", 13.0),
    ("nearest_facility", "text", 20.0),
    ("minutes", "minutes", 9.0),
)


def _sheet(outcome: Outcome, names: Names, town: Town) -> Sheet:
    lang = outcome.lang
    headers = {"place": look.label("community", lang), "work": word("work", lang)}
    columns = [
        Column(headers.get(key) or look.label(key, lang), kind, width) for key, kind, width in _COLUMNS
    ]
    summed = [
        Column(word("zones_short", lang), "text", 18),
        *(columns[k] for k in (2,)),
        Column(look.label("gross_shortfall", lang), "whole", 9),
        *columns[4:9],
        Column(word("main_cause", lang), "text", 13),
    ]
    totals: list[list[Value | Cell]] = [
        [position, *_total_row(names, total)] for position, total in enumerate(town.totals, start=1)
    ]
    rows: list[list[Value | Cell]] = [
        [position, *_row(names, row)] for position, row in enumerate(town.rows, start=1)
    ]
    blocks: tuple[Block, ...] = (
        block_of([columns[0], *summed], totals, word("guidance_totals", lang)),
        block_of(columns, rows, word("guidance_rows", lang)),
    )
    # an English workbook keeps its tabs readable where the names are not
    called = town.name if lang == "zh" or town.name.isascii() else text(outcome.zones["code"][town.zone_id])
    name = word("guidance_sheet", lang, town=called)
    return Sheet(name, blocks, (town.name, word("guidance_note", lang)), 3, listed=1)


def _total_row(names: Names, total: Total) -> list[Value | Cell]:
    lang = names.lang
    return [
        word(f"zones_{total.part}", lang, count=total.zones),
        names.rule(total.rule_id),
        number(total.shortfall, "whole"),
        look.unit(total.unit, lang),
        work(names, total),
        text(names.of_rule(total.rule_id, f"cited_{lang}")) or total.clause,
        total.phase,
        number(total.people, "whole"),
        look.label(total.cause, lang),
    ]


def _row(names: Names, row: Mapping[str, Any]) -> list[Value | Cell]:
    lang, rule = names.lang, str(row["rule_id"])
    return [
        place_of(names, row),
        names.rule(rule),
        number(row["shortfall"], "whole"),
        look.unit(row["unit"], lang),
        measure_of(row, lang),
        text(names.of_rule(rule, f"cited_{lang}")) or text(row.get("clause")),
        text(row.get("phase")),
        number(row["people_affected"], "whole"),
        look.label(text(row["cause"]), lang),
        text(row.get("nearest_name")) or names.facility(row["nearest_facility"]),
        number(row["minutes"], "minutes"),
    ]
