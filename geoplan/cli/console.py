"""What the command line prints: stages, the check's table, the run's summary."""

import json
import locale
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.prompt import Confirm
from rich.table import Table
from rich.text import Text

from geoplan.inputs.lists.fields import Columns as Recognised
from geoplan.report.content.headline import indicator_verdicts
from geoplan.report.content.names import Names
from geoplan.report.content.street_fitness import coverage_both_ways, street_fitness
from geoplan.report.content.table import Table as ContentTable
from geoplan.report.content.titles import banner
from geoplan.report.content.zones import circle_totals, flag_totals
from geoplan.report.workbook.csv_files import lines_text
from geoplan.tables import VERDICTS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.errors import EXAMPLES, Note, Said, kind_line, kinds_of
from geoplan.words.labels import label
from geoplan.words.numbers import FORMATS, format_number
from geoplan.words.progress import STAGES, stage_name

if TYPE_CHECKING:
    from geoplan.inputs.candidates import CandidateList
    from geoplan.pipeline.gather import Inputs
    from geoplan.pipeline.result import Result
    from geoplan.pipeline.street_check import StreetCheck
    from geoplan.standards.packs.replaced import Replacement

#: Where output goes to a file or a pipe there is no width to fit.
out = Console(width=None if Console().is_terminal else 140)


def language() -> str:
    """Return the language of messages before a study has been read: English only where the system says so."""
    name = locale.getlocale()[0] or ""
    return "en" if name.lower().startswith("en") else "zh"


def say(code: str, *, lang: str | None = None, **values: Any) -> None:  # noqa: ANN401 - what the message names
    """Print one message of the catalogue in `lang`; without one in the language of the system."""
    shown: dict[str, Any] = {n: str(v) if isinstance(v, Path) else v for n, v in values.items()}
    say_note(Note.of(code, **shown), lang or language())


def say_note(note: Note, lang: str) -> None:
    """Print one note."""
    out.print(note.text(lang), highlight=False, markup=False, soft_wrap=True)


def confirmed(code: str) -> bool | None:
    """Ask one question of the catalogue that is answered by yes or no; None where there is no terminal to ask at."""
    if not sys.stdin.isatty():
        return None
    return Confirm.ask(phrase(code, language()), console=out, default=True)


def print_replacements(found: Sequence["Replacement"], title: str) -> None:
    """Print figures of a pack beside the newer national ones that replace them."""
    lang = language()
    rows = [
        (one.old.id, one.old.indicator_text(lang), one.old.target_text(lang), one.new_text(lang))
        for one in found
    ]
    heads = [
        phrase(f"pack_{head}", lang)
        for head in ("replaced_id", "replaced_name", "replaced_old", "replaced_new")
    ]
    table(phrase("pack_replaced_title", lang, title=title, count=len(rows)), heads, rows)


@contextmanager
def progress(lang: str) -> Iterator[Callable[[str, float | None], None]]:
    """Show stages as they run, with the seconds of each that has ended; yield the listener for `Stages`."""
    bar = Progress(
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        transient=True,
    )
    task = bar.add_task("", total=len(STAGES))

    def listen(key: str, seconds: float | None) -> None:
        words = stage_name(key, lang)
        if seconds is None:
            bar.update(task, description=words)
        else:
            bar.console.print(f"  {words}  {seconds:.1f} s", highlight=False, style="dim")
            bar.advance(task)

    with bar:
        yield listen


def table(
    title: str,
    columns: list[str],
    rows: Sequence[tuple[str, ...]],
    *,
    right: frozenset[int] | set[int] = frozenset(),
) -> None:
    """Print `rows` under `columns`; those numbered in `right` are set flush right."""
    grid = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", show_edge=False)
    for number, column in enumerate(columns):
        grid.add_column(column, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))  # as text: a name in brackets is no markup
    out.print(grid)


def print_check(
    inputs: "Inputs", streets: "StreetCheck", *, lang: str, listed: Sequence["CandidateList"] = ()
) -> None:
    """Print what a study's inputs and its lists of candidates hold, and every problem with its place and what to do."""

    def word(code: str, **values: object) -> str:
        return phrase(f"console_{code}", lang, **values)

    rows = [
        *_zone_rows(inputs, lang),
        (
            word("streets"),
            word("network", nodes=f"{len(inputs.nodes):,}", edges=f"{len(inputs.edges):,}"),
            "",
        ),
        *_group_rows(inputs),
        *_register_rows(inputs, lang),
        *((found.file, word("candidates", count=f"{len(found.candidates):,}"), "") for found in listed),
        (word("crs"), inputs.crs.to_string(), inputs.crs.name),
    ]
    table(word("found"), [word("input"), word("what"), word("more")], rows)
    stated = inputs.study.streets
    print_table(street_fitness(streets.fitness, max_snap_m=stated.max_snap_m, lang=lang), lang)
    if streets.coverage is not None:
        both = coverage_both_ways(
            streets.coverage, services=inputs.study.measured_services(), places=inputs.crossings,
            stated=stated.join, lang=lang,
        )  # fmt: skip
        print_table(both, lang)
    names = zone_labels(inputs.zones, lang)
    said = [note.said(lang) for note in inputs.notes]
    counts = {severity: sum(one.severity == severity for one in said) for severity in STYLES}
    shown = "  ".join(f"{label(severity, lang)} {count}" for severity, count in counts.items())
    out.print(f"{word('problems')}  {shown}", style="bold", highlight=False)
    kinds = kinds_of(one._replace(zone=names.get(one.zone, one.zone)) for one in said)
    print_kinds(kinds, lang)
    if any(len(kind) > EXAMPLES for kind in kinds):
        path = inputs.study.out_folder / CHECKED
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lines_text(said).encode("utf-8-sig"))
        out.print(word("all_problems", file=path), highlight=False, soft_wrap=True)


def print_columns(lists: Iterable[tuple[str, Path, Recognised]], lang: str) -> None:
    """Print what was recognised of every list of a study, ready to be copied into it under ``columns``.

    Parameters
    ----------
    lists
        Part of the study (``facilities``), the list's file and what was recognised of it.
    """

    def line(text: str) -> None:
        out.print(text, highlight=False, markup=False, soft_wrap=True)

    part_before = ""
    for part, file, found in lists:
        if part != part_before:
            line(f"{part}:")
            part_before = part
        line(f"  - file: {file.name}\n    columns:")
        for field, header in found.header.items():
            line(f"      {field}: {json.dumps(header, ensure_ascii=False)}")
        if found.unread:
            line(f"      # {phrase('console_columns_unread', lang, columns=', '.join(found.unread))}")


def zone_labels(zones: pd.DataFrame, lang: str) -> dict[str, str]:
    """Return what messages call each zone: level and name, not its id."""
    columns = zip(zones.index, zones["level"], zones["name"], strict=True)
    return {str(zone): f"{label(level, lang)} {name}" for zone, level, name in columns}


def print_kinds(kinds: Sequence[Sequence[Said]], lang: str) -> None:
    """Print a line a kind of notes, with its severity in front."""
    for kind in kinds:
        severity = kind[0].severity
        mark = Text(f" {label(severity, lang)} ", style=STYLES[severity])
        out.print(mark.append(kind_line(kind, lang), style="none"), soft_wrap=True)


def print_warnings(outcome: Outcome, folder: Path) -> None:
    """Print how many warnings a run has, the gravest kinds, and the file that holds all."""
    lang, names = outcome.lang, zone_labels(outcome.zones, outcome.lang)
    table = outcome.warnings[outcome.warnings["severity"] != "info"].astype(object)
    stated = table.where(table.notna(), None).itertuples(index=False, name=None)
    said = (Said(*row) for row in stated)
    kinds = kinds_of(one._replace(zone=names.get(one.zone, one.zone or "")) for one in said)
    count = sum(len(kind) for kind in kinds)
    out.print(
        phrase("console_warnings", lang, count=f"{count:,}", kinds=len(kinds)), style="bold", highlight=False
    )
    print_kinds(kinds[:GRAVEST], lang)
    if count:
        out.print(
            phrase("console_all_problems", lang, file=folder / "warnings.csv"),
            highlight=False,
            soft_wrap=True,
        )


def _zone_rows(inputs: "Inputs", lang: str) -> list[tuple[str, str, str]]:
    rows = []
    for level, zones in inputs.zones.groupby("level", sort=False):
        if level != "area":
            square_km = zones.geometry.area.sum() / 1e6
            rows.append((label(level, lang), f"{len(zones):,}", f"{square_km:,.1f} km²"))
    return rows


def _group_rows(inputs: "Inputs") -> list[tuple[str, str, str]]:
    return [
        (str(group.label), f"{group.total:,.0f}", f"{group.basis} {group.year}  {group.source}")
        for group in inputs.people.groups.itertuples()
    ]


def _register_rows(inputs: "Inputs", lang: str) -> list[tuple[str, str, str]]:
    """Return a row a register: rows -> closed or duplicate -> not placed -> in the run, and the rates of placing."""
    rows = []
    for register in inputs.register.reconciliation.to_dict("records"):
        steps = [
            f"{phrase(f'console_end_{end}', lang)} {register[end]}"
            for end in ENDS
            if register[end] or end == "rows"
        ]
        rates = [
            phrase(f"console_{by}", lang, share=format_number(register[column], "percent"))
            for by, column in (
                ("by_rows", "placed_share"),
                ("by_beds", "beds_placed_share"),
                ("by_places", "places_placed_share"),
            )
            if register[column] == register[column]
        ]
        rows.append(
            (register["file"], " → ".join(steps), "  ".join([phrase("console_placed", lang), *rates]))
        )
    return rows


def print_result(result: "Result", folder: Path) -> None:
    """Print what a run found, and where the results are."""
    outcome = result.outcome
    if outcome.synthetic:
        out.print(banner(outcome), style="bold yellow")
    for found in (circle_totals(outcome), flag_totals(outcome, Names(outcome).finest())):
        if found is not None:
            print_table(found, outcome.lang)
    verdicts = indicator_verdicts(outcome).value_counts()
    said = "  ".join(f"{label(verdict, outcome.lang)} {verdicts.get(verdict, 0)}" for verdict in VERDICTS)
    out.print(f"{phrase('console_verdicts', outcome.lang)}  {said}", highlight=False)
    print_files(folder, FILES, outcome.lang)
    print_warnings(outcome, folder)


def print_table(found: ContentTable, lang: str) -> None:
    """Print a table of content with the columns for where room is scarce, and its notes below it."""
    shown = found.to(1).footnoted("caveats", lang)
    right = {place for place, column in enumerate(shown.columns) if column.format in FORMATS}
    rows = [tuple(row) for row in shown.texts(lang)]
    table(shown.title, [column.header for column in shown.columns], rows, right=right)
    for note in shown.notes if rows else (shown.empty,):
        out.print(note, style="dim", markup=False, highlight=False, soft_wrap=True)


def print_files(folder: Path, files: Sequence[str], lang: str) -> None:
    """Print the folder of results and what each of its `files` (or folders) is."""
    out.print(f"{phrase('console_results', lang)}  {folder}", highlight=False, soft_wrap=True)
    for name in files:
        if (folder / name).exists():
            what = phrase(f"console_file_{name.replace('.', '_').replace('/', '_')}", lang)
            out.print(f"  {name:24} {what}", highlight=False)


#: Where `check` leaves every problem, and how many kinds of warnings a run names at its end.
CHECKED, GRAVEST = "check.csv", 3
STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}
#: How rows of a register end, in the order of the reconciliation.
ENDS = ("rows", "closed", "not_open", "duplicate", "unknown_type", "not_placed", "in_run")
#: Files that the summary of a run names, in this order.
FILES = (
    "map.html", "meeting.docx", "report.html", "gap_list.xlsx", "assessment.docx", "town_guidance.docx", "atlas.pdf", "communities",
    "coverage.qgs", "coverage.gpkg", "run.json",
)  # fmt: skip
