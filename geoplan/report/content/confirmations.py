"""街道核实: the gap list with what street offices found of its rows, and what follows from each opinion.

Nothing is measured again. A row that is not answered, or answered in two ways, stays open: it is never taken as confirmed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from geoplan.inputs.lists.cells import cell_text as plain
from geoplan.inputs.lists.confirmations import Confirmation, Confirmations
from geoplan.report.content.build import table_of
from geoplan.report.content.first import premise_cell, weight_of
from geoplan.report.content.gaps import gap_list
from geoplan.report.content.names import Names, present, rows_of
from geoplan.report.content.shortfalls import amount_text
from geoplan.report.content.sources import warnings_table
from geoplan.report.content.table import Amount, Cell, Coded, Column, Listed, Table, cell_text, column
from geoplan.standards.action import neighbours_of
from geoplan.tables import OPINIONS, Outcome
from geoplan.tables import warnings_table as table_of_notes
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note, place
from geoplan.words.numbers import format_number
from geoplan.words.vocabulary import narrower, vocabulary

#: How a row of the gap list may stand: by its opinion, else answered but not clear, or not answered.
STATES = (*OPINIONS, "unclear", "open")
#: What finds a row to people, and who confirmed it where and when.
_ROW = ("upper", "community", "zone_code", "indicator", "flag_kind")
_SAID = ("confirm_by", "confirm_date", "confirm_source", "rule_id")
#: Columns of the page of each opinion, between what finds the row and who confirmed it.
_PAGES: Mapping[str, tuple[str, ...]] = {
    "unlisted": ("shortfall", "net_shortfall", "unit", "nearest_facility", "minutes", "cause"),
    "no_room": ("net_shortfall", "unit", "people_affected", "affected", "priority", "premise", "feasibility"),
    "joint": ("net_shortfall", "unit", "neighbours", "measure"),
    "true": ("shortfall", "net_shortfall", "unit", "people_affected", "affected", "measure"),
}


@dataclass(frozen=True)
class Answered:
    """A row of the gap list: its cells, its state (`STATES`), and what street offices said of it."""

    cells: Mapping[str, Cell]
    state: str
    said: tuple[Confirmation, ...]


@dataclass(frozen=True, repr=False)
class Confirmed:
    """The gap list of one run with what street offices said of it.

    Parameters
    ----------
    outcome
        Of the run.
    run
        What the run is called, in words.
    files
        The files that were returned.
    rows
        Every row of the gap list, in its order.
    elsewhere
        What was said of rows that the run does not have.
    notes
        What was found in the files and in matching them.
    """

    outcome: Outcome
    run: str
    files: tuple[str, ...]
    rows: tuple[Answered, ...]
    elsewhere: tuple[Confirmation, ...]
    notes: tuple[Note, ...]

    @property
    def lang(self) -> str:
        """Language in which it is printed."""
        return self.outcome.lang


def confirmed(outcome: Outcome, read: Confirmations, *, run: str) -> Confirmed:
    """Return the gap list of a run with what street offices said of its rows; `run` is what the run is called.

    A row is found by rule and zone code, one of several facilities of a zone by its name too; rows that are alike in all of that by their
    serial number.
    """
    table, names = gap_list(outcome), Names(outcome)
    keys = [entry.key for entry in table.columns]
    cells = [dict(zip(keys, row, strict=True)) for row in table.rows]
    facts = [_fact(names, raw, own) for raw, own in zip(rows_of(outcome.gap_list), cells, strict=True)]
    by_key: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, fact in enumerate(facts):
        by_key[fact.rule_id, fact.zone_code].append(at)
    said: dict[int, list[Confirmation]] = defaultdict(list)
    elsewhere: list[Confirmation] = []
    notes = list(read.notes)
    for answer in read.rows:
        found = _found(answer, [(at, facts[at]) for at in by_key.get((answer.rule_id, answer.zone_code), ())])
        if len(found) == 1:
            said[found[0]].append(answer)
            continue
        elsewhere.append(answer)
        notes.append(answer.note("confirm_several" if found else "confirm_not_in_run", rule=answer.rule_id or "–", zone_code=answer.zone_code or "–"))  # fmt: skip
    rows = []
    for at, own in enumerate(cells):
        answers = tuple(answer for answer in said[at] if answer.told)
        state = _state(answers)
        if state == "unclear" and _differ(answers):
            ways = tuple(f"{answer.file} {answer.told}" for answer in answers)
            notes.append(answers[0].note("confirm_differs", ways=ways))
        rows.append(Answered(own, state, tuple(said[at])))
    if not any(row.state != "open" for row in rows) and not elsewhere:
        notes.append(Note.of("confirm_none", files=read.files))
    more = _more(outcome, names, rows)
    rows = [replace(row, cells={**row.cells, **own}) for row, own in zip(rows, more, strict=True)]
    return Confirmed(outcome, run, read.files, tuple(rows), tuple(elsewhere), tuple(notes))


@dataclass(frozen=True)
class _Fact:
    """What tells a row of the gap list from the others, as a returned file has it; `part` is zone, facility or finding."""

    part: str
    rule_id: str
    zone_code: str
    community: str
    nearest: str
    serial: str


def _fact(names: Names, row: Mapping[str, Any], cells: Mapping[str, Cell]) -> _Fact:
    rule, code, community, nearest = (
        plain(cell_text(cells[key], names.lang))
        for key in ("rule_id", "zone_code", "community", "nearest_facility")
    )
    is_facility = row["part"] == "member" and not names.level(row["member_id"])
    part = "facility" if is_facility else "finding" if row["part"] == "finding" else "zone"
    return _Fact(part, rule, code, community, nearest, serial=str(row["serial"]))


def _found(answer: Confirmation, rows: Iterable[tuple[int, _Fact]]) -> list[int]:
    """Return which rows of one rule and zone code an answer may mean: one where it is certain."""
    found = [(at, fact) for at, fact in rows if _may_mean(answer, fact)]
    for name in ("community", "nearest", "serial"):
        if len(found) > 1:
            found = [pair for pair in found if getattr(pair[1], name) == getattr(answer, name)] or found
    return [at for at, _ in found]


def _may_mean(answer: Confirmation, fact: _Fact) -> bool:
    """Return whether an answer may be about a row: a facility has the same name, and the verdict is one of such a row."""
    if fact.part == "facility":
        return answer.verdict in ("has_not", "") and answer.nearest == fact.nearest
    return answer.verdict in (("not_met", "") if fact.part == "finding" else ("flagged", "has_not", ""))


def _differ(answers: Sequence[Confirmation]) -> bool:
    return len({answer.opinion or answer.told for answer in answers}) > 1


def _state(answers: Sequence[Confirmation]) -> str:
    """Return the state that opinions give a row; open without any, unclear where they differ or one is no known word."""
    if not answers:
        return "open"
    return "unclear" if _differ(answers) else answers[0].opinion or "unclear"


def _more(outcome: Outcome, names: Names, rows: Sequence[Answered]) -> list[dict[str, Cell]]:
    """Return what the pages say beside the cells of the gap list, a row each."""
    lang = outcome.lang
    listed = rows_of(outcome.gap_list)
    zones = [row["member_id"] if names.level(row["member_id"]) else row["zone_id"] for row in listed]
    ranked = _ranked(outcome)
    beside, none_near = _neighbours(outcome, names, listed, zones), (phrase("confirm_no_neighbour", lang),)
    found: list[dict[str, Cell]] = []
    for row, raw, zone in zip(rows, listed, zones, strict=True):
        rule = str(raw["rule_id"])
        first = ranked.get((zone, rule)) or ranked.get((zone, str(names.of_rule(rule, "family") or "")))
        found.append({
            "confirm_serial": row.cells["serial"],
            "confirm_state": state_cell(row.state, lang),
            "confirm_told": Listed(tuple(dict.fromkeys(answer.told for answer in row.said if answer.told))),
            "confirm_by": Listed(tuple(dict.fromkeys(answer.by for answer in row.said if answer.by))),
            "confirm_date": Listed(tuple(dict.fromkeys(answer.date for answer in row.said if answer.date))),
            "confirm_source": Listed(tuple(place(answer.file, answer.row, "", lang) for answer in row.said)),
            "premise": None if first is None else premise_cell(first["premise"], lang),
            "feasibility": None if first is None else Amount.of(first["feasibility"], "decimal"),
            "neighbours": Listed(beside.get((rule, zone)) or none_near) if raw["part"] != "finding" else None,
        })  # fmt: skip
    return found


def _ranked(outcome: Outcome) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows of the priority list by zone and rule, and by zone and family of services."""
    rows = rows_of(outcome.priorities)
    by_family = {(row["zone_id"], row["family"]): row for row in reversed(rows)}
    return by_family | {(row["zone_id"], row["rule_id"]): row for row in rows}


def _neighbours(
    outcome: Outcome, names: Names, listed: Sequence[Mapping[str, Any]], zones: Sequence[str]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the nearest zones that are short under the same rule, each with its net gap, by rule and zone: as 建设建议 names them.

    They lie within the circle of the services that the rule is about, of any service where it is about none.
    """
    short: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for row, zone in zip(listed, zones, strict=True):
        if row["part"] != "finding" and (row["part"] == "flag" or names.level(row["member_id"])):
            short[str(row["rule_id"]), names.level(zone)][zone] = row
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for (rule, _), own in short.items():
        within_m = _circle_m(outcome, names, rule)
        for zone, near in neighbours_of(list(own), outcome.zones, within_m=within_m).items():
            # what projects make up needs no common facility; what is not known may
            found[rule, zone] = tuple(
                _with_gap(names, other, own[other]) for other in near if own[other]["net_shortfall"] != 0
            )
    return found


def _circle_m(outcome: Outcome, names: Names, rule: str) -> float:
    family = str(names.of_rule(rule, "family") or "")
    types = narrower(family) if family in vocabulary("types") else frozenset[str]()
    own = [service.walk_m for service in outcome.services.values() if types & set(service.facilities)]
    return max(own or [service.walk_m for service in outcome.services.values()], default=0.0)


def _with_gap(names: Names, zone: str, row: Mapping[str, Any]) -> str:
    """Return a zone's name with its net gap; that the gap is not known where it is not."""
    gap = amount_text(row["net_shortfall"], row["unit"], names.lang) if present(row["net_shortfall"]) else ""
    shown = gap or phrase("confirm_gap_unknown", names.lang)
    return names.zone(zone) + phrase("in_brackets", names.lang, text=shown)


def state_cell(state: str, lang: str) -> Coded:
    """Return the state of a row as a cell."""
    return Coded(state, phrase(f"confirm_{state}", lang))


def confirmation_pages(found: Confirmed) -> tuple[Table, ...]:
    """Return the tables of ``confirm.xlsx``, a tab each: the summary, what follows from each opinion, what is open, what was found."""
    lang = found.lang
    first, below = summary_tables(found)
    pages = [
        replace(first, page=phrase("confirm_sheet_summary", lang), below=(below,)),
        *(_page(found, state) for state in _PAGES),
        open_table(found),
    ]
    if found.elsewhere:
        pages.append(elsewhere_table(found))
    if found.notes:
        notes = warnings_table(replace(found.outcome, warnings=table_of_notes(found.notes, lang)))
        pages.append(replace(notes, title=phrase("confirm_sheet_notes", lang), notes=()))
    return tuple(pages)


def summary_tables(found: Confirmed) -> tuple[Table, Table]:
    """Return how many rows have each opinion and what follows from it, and the same town by town."""
    lang = found.lang
    rows: list[list[Cell]] = [
        [state_cell(state, lang), _count(found.rows, state), phrase(f"confirm_follows_{state}", lang)]
        for state in STATES
    ]
    total: list[Cell] = [Coded("all", phrase("confirm_all", lang)), Amount.of(len(found.rows), "count"), ""]
    notes = [phrase("confirm_note", lang, run=found.run, files=found.files)]
    notes += [phrase("confirm_note_elsewhere", lang, count=len(found.elsewhere))] if found.elsewhere else []
    by_state = table_of(
        "confirm_summary", lang, ("confirm_state", "confirm_rows", "confirm_follows"), [*rows, total], notes=tuple(notes),
        strong=frozenset([len(rows)]),
    )  # fmt: skip
    return by_state, _by_town(found)


def _by_town(found: Confirmed) -> Table:
    lang, upper = found.lang, _upper(found)
    towns: dict[str, list[Answered]] = defaultdict(list)
    for row in found.rows:
        towns[cell_text(row.cells[upper], lang)].append(row)
    named = sorted(towns, key=lambda name: name == "")  # what lies in no town stands last
    groups = [
        *((name or phrase("confirm_no_town", lang), towns[name]) for name in named),
        (phrase("confirm_all", lang), found.rows),
    ]
    rows: list[list[Cell]] = [
        [name, *(_count(own, state) for state in STATES), Amount.of(len(own), "count")]
        for name, own in groups
    ]
    columns: list[str | Column] = [
        column(upper, lang, depth=1),
        *(
            column("confirm_count", lang, name=f"confirm_{state}", state=phrase(f"confirm_{state}", lang))
            for state in STATES
        ),
        "confirm_rows",
    ]
    return table_of("confirm_towns", lang, columns, rows, strong=frozenset([len(rows) - 1]), filtered=True)


def _count(rows: Iterable[Answered], state: str) -> Amount | None:
    return Amount.of(sum(row.state == state for row in rows), "count")


def _upper(found: Confirmed) -> str:
    """Return the column of the gap list that names towns, or districts where the study has no towns."""
    return "town" if (found.outcome.zones["level"] == "town").any() else "district"


def _page(found: Confirmed, state: str) -> Table:
    """Return the rows of one opinion with what is needed for what follows from it."""
    lang = found.lang
    keys = [_upper(found) if key == "upper" else key for key in (*_ROW, *_PAGES[state], *_SAID)]
    columns = [_listed_column(key, lang) for key in ("confirm_serial", *keys)]
    rows = [row.cells for row in found.rows if row.state == state]
    factor = format_number(weight_of(found.outcome, "without_premise"), "decimal")
    note = phrase(f"confirm_note_{state}", lang, factor=factor)
    title, none = phrase(f"confirm_sheet_{state}", lang), phrase("confirm_no_row", lang)
    return table_of(f"confirm_{state}", lang, columns, rows, title=title, notes=(note,), empty=none, frozen=3)


def _listed_column(key: str, lang: str) -> Column:
    """Return a column of the gap list for the workbook; what street offices fill in may stand there several times."""
    made = column(key, lang, depth=3)
    return replace(made, format="listed") if key in ("confirm_by", "confirm_date") else made


def open_table(found: Confirmed) -> Table:
    """Return the rows that are not answered, or not clearly."""
    lang = found.lang
    middle = ("shortfall", "net_shortfall", "unit", "confirm_state", "confirm_told")
    keys = [_upper(found) if key == "upper" else key for key in ("confirm_serial", *_ROW, *middle, *_SAID)]
    # what is said in two ways stands before what is not said
    rows = [row.cells for state in ("unclear", "open") for row in found.rows if row.state == state]
    note, none = phrase("confirm_note_open", lang), phrase("confirm_all_answered", lang)
    columns = [_listed_column(key, lang) for key in keys]
    title = phrase("confirm_sheet_open", lang)
    return table_of("confirm_open", lang, columns, rows, title=title, notes=(note,), empty=none, frozen=3)


def elsewhere_table(found: Confirmed) -> Table:
    """Return what was said of rows that the run does not have, as the files name them."""
    lang = found.lang
    keys = (
        "serial",
        "town",
        "community",
        "zone_code",
        "indicator",
        "nearest_facility",
        "confirm_told",
        *_SAID,
    )
    columns = [_listed_column(key, lang) for key in keys]
    rows = [_elsewhere_cells(answer, lang) for answer in found.elsewhere]
    title, note = phrase("confirm_sheet_elsewhere", lang), phrase("confirm_note_not_in_run", lang)
    return table_of("confirm_elsewhere", lang, columns, rows, title=title, notes=(note,), frozen=3)


def _elsewhere_cells(answer: Confirmation, lang: str) -> dict[str, Cell]:
    return {
        "town": answer.town, "community": answer.community, "zone_code": answer.zone_code, "indicator": answer.indicator,
        "nearest_facility": answer.nearest, "confirm_told": Listed((answer.told,) if answer.told else ()),
        "confirm_by": Listed((answer.by,) if answer.by else ()), "confirm_date": Listed((answer.date,) if answer.date else ()),
        "confirm_source": Listed((place(answer.file, answer.row, "", lang),)), "rule_id": answer.rule_id,
        "confirm_state": Coded("not_in_run", phrase("confirm_not_in_run_state", lang)),
    }  # fmt: skip


def long_table(found: Confirmed) -> Table:
    """Return every row of the gap list with its state, then what was said of others, for programs."""
    lang, upper = found.lang, _upper(found)
    keys = [
        "serial", upper, "community", "zone_code", "indicator", "rule_id", "shortfall", "net_shortfall", "unit", "nearest_facility",
        "confirm_state", "confirm_told", "confirm_by", "confirm_date", "confirm_source",
    ]  # fmt: skip
    nothing = dict.fromkeys(keys)
    others = [{**nothing, **_elsewhere_cells(answer, lang), upper: answer.town} for answer in found.elsewhere]
    rows = [*(row.cells for row in found.rows), *others]
    columns = [_listed_column(key, lang) for key in keys]
    return table_of("confirm", lang, columns, rows, title=phrase("confirm_sheet_summary", lang))
