"""Where the numbers come from: input files, people and their basis, parameters, clauses not assessed, registers, and warnings."""

from dataclasses import replace

from geoplan.report.content import titles
from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.projects import facility_types
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label

#: What a register is counted by, and the prefix of its columns in the reconciliation.
_COUNTED = {"rows": "", "beds": "beds_", "places": "places_"}
#: Where a row may end, in the order in which the sums go down.
_ENDS = ("rows", "closed", "not_open", "outside", "duplicate", "unknown_type", "not_placed", "in_run")
_SEVERITIES = ("error", "warning", "info")


# --- registers ------------------------------------------------------------------------------------------------------


@listed(200, "workbook")
def registers_page(outcome: Outcome) -> Table:
    """Return where every row of every register ended, and below it 待落点清单."""
    first, waiting = reconciliation_table(outcome), unplaced_table(outcome)
    if first is None:
        return waiting
    return replace(first, page=waiting.title, below=(replace(waiting, notes=()),), notes=waiting.notes)


def reconciliation_table(outcome: Outcome) -> Table | None:
    """Return where every row ended, in rows, beds and places: closed, duplicate …, not placed, in the run; None without a register."""
    lang, table = outcome.lang, outcome.reconciliation
    if empty(table):
        return None
    ends = [end for end in _ENDS if end in table.columns]
    rows: list[list[Cell]] = []
    for row in rows_of(table):
        for counted, prefix in _COUNTED.items():
            amounts = {end: row.get(f"{prefix}{end}") for end in ends}
            known = {end: float(str(value)) for end, value in amounts.items() if present(value)}
            if not any(known.values()):
                continue
            placed, waiting = known.get("in_run", 0.0), known.get("not_placed", 0.0)
            share = placed / (placed + waiting) if placed + waiting > 0 else None
            rows.append([
                text(row["file"]), Coded(counted, phrase(f"sources_{counted}", lang)),
                *(Amount.of(amounts[end], "count") for end in ends), Amount.of(share, "percent"),
                Amount.of(row.get(f"{prefix}unknown_rows") if prefix else None, "count"),
            ])  # fmt: skip
    keys = ("serial", "file", "counted", *(f"end_{end}" for end in ends), "placed_share", "unknown_rows")
    return table_of("reconciliation", lang, keys, rows, frozen=2)


@listed(200, "csv")
def unplaced_table(outcome: Outcome) -> Table:
    """Return 待落点清单: the facilities without a credible point."""
    lang, names = outcome.lang, Names(outcome)
    keys = (
        "serial", "name", "services", "zone", "zone_code", "address", "beds", "places", "location", "matched", "source_file",
        "source_row",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            text(row["name"]), facility_types(row["services"], lang),
            text(row["zone_names"]) or names.zone(row["zone_id"]), names.code(row["zone_id"]), text(row["address"]),
            Amount.of(row["beds"], "count"), Amount.of(row["places"], "count"), Coded(str(row["location_quality"])),
            text(row["matched_name"]), text(row["source_file"]), Amount.of(row["source_row"], "count"),
        ]
        for row in rows_of(outcome.unplaced)
    ]  # fmt: skip
    notes, none = (phrase("unplaced_note", lang),), phrase("unplaced_none", lang)
    return table_of("unplaced", lang, keys, rows, notes=notes, frozen=2, empty=none, filtered=True)


# --- warnings -------------------------------------------------------------------------------------------------------


@listed(210, "workbook", "csv")
def warnings_table(outcome: Outcome) -> Table:
    """Return every warning with what was done about it."""
    lang, names = outcome.lang, Names(outcome)
    keys = ("serial", "severity", "file", "row", "zone", "zone_code", "found", "action", "code")
    rows: list[list[Cell]] = [
        [
            Coded(str(row["severity"])), text(row["file"]), Amount.of(row["row"], "count"),
            names.zone(row["zone"]), names.code(row["zone"]), text(row["text"]), text(row["action"]), text(row["code"]),
        ]
        for row in rows_of(outcome.warnings)
    ]  # fmt: skip
    notes, none = (phrase("warnings_note", lang),), phrase("warnings_none", lang)
    return table_of("warnings", lang, keys, rows, frozen=2, notes=notes, empty=none)


def warnings_by_kind_table(outcome: Outcome) -> Table:
    """Return a row a kind of warning and file, the severe ones first: how often, and the words of the first one."""
    lang, table = outcome.lang, outcome.warnings.fillna({"file": ""})
    kinds = [own for _, own in table.groupby(["severity", "code", "file"], sort=False)]
    kinds.sort(key=lambda own: _SEVERITIES.index(own["severity"].iloc[0]))
    rows: list[list[Cell]] = []
    for own in kinds:
        first = rows_of(own)[0]
        rows.append([
            Coded(str(first["severity"])), text(first["file"]), Amount.of(len(own), "count"), text(first["text"]),
            text(first["action"]),
        ])  # fmt: skip
    keys = ("severity", "file", "times", "found", "action")
    title, none = phrase("warnings_title", lang), phrase("warnings_none", lang)
    return table_of("warnings_by_kind", lang, keys, rows, title=title, empty=none)


# --- sources --------------------------------------------------------------------------------------------------------


@listed(220, "workbook")
def sources_page(outcome: Outcome) -> Table:
    """Return the input files, and below them the people's basis, the parameters and the clauses that are not assessed."""
    tables = (groups_table(outcome), parameters_table(outcome), not_assessed_table(outcome))
    below = tuple(table for table in tables if table is not None)
    notes = (phrase("sources_note", outcome.lang), *titles.attribution(outcome.sources))
    return replace(files_table(outcome), page=phrase("sources_title", outcome.lang), below=below, notes=notes)


def files_table(outcome: Outcome) -> Table:
    """Return every input file with its checksum."""
    lang = outcome.lang
    keys = ("file", "role", "datum", "rows", "bytes", "note", "sha256")
    rows: list[list[Cell]] = [
        [
            source.file, Coded(source.role), source.datum, Amount.of(source.rows, "count"),
            Amount.of(source.bytes, "count"), source.note, source.sha256,
        ]
        for source in outcome.sources
    ]  # fmt: skip
    return table_of("sources", lang, keys, rows, title=phrase("sources_files", lang))


def groups_table(outcome: Outcome) -> Table:
    """Return the groups of people: basis, year, how many, from which file."""
    lang = outcome.lang
    rows: list[list[Cell]] = [
        [
            Coded(str(group)), text(row["basis"]), Amount.of(row["year"], "year"), Amount.of(row["total"], "count"),
            text(row["source"]),
        ]
        for group, row in zip(outcome.groups.index, rows_of(outcome.groups), strict=True)
    ]  # fmt: skip
    return table_of("groups", lang, ("group", "basis", "year", "sum", "source"), rows)


def parameters_table(outcome: Outcome) -> Table | None:
    """Return the study's settings as it ran, by the entries of the study file; None where there are none."""
    if empty(outcome.parameters):
        return None
    lang = outcome.lang
    rows: list[list[Cell]] = [
        [text(row["entry"]), text(row["value"]), text(row["unit"]), _given(bool(row["given"]), lang)]
        for row in rows_of(outcome.parameters)
    ]
    return table_of("parameters", lang, ("entry", "value", "value_unit", "given"), rows)


def _given(given: bool, lang: str) -> Coded:
    code = "given" if given else "default"
    return Coded(code, phrase(f"parameters_{code}", lang))


def not_assessed_table(outcome: Outcome) -> Table | None:
    """Return the clauses that no rule judges; None without any."""
    if empty(outcome.not_assessed):
        return None
    lang = outcome.lang
    rows: list[list[Cell]] = [
        [text(row["pack"]), text(row["clause"]), text(row[f"what_{lang}"])]
        for row in rows_of(outcome.not_assessed)
    ]
    title = label("not_assessed_sheet", lang)
    return table_of("not_assessed", lang, ("pack", "clause", "what"), rows, title=title)
