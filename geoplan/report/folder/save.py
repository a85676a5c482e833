"""The files of a run, of a comparison and of an annual table, each written into one folder; workbooks for departments."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from geoplan.network.surface import MinutesRaster, write_minutes
from geoplan.report.booklet.page import write_report
from geoplan.report.cards import cards
from geoplan.report.compare.page import comparison_page
from geoplan.report.content import annual, comparison, confirmations, periods, reporting
from geoplan.report.content.answers import answers
from geoplan.report.content.assessment import assessment
from geoplan.report.content.guidance import guidance
from geoplan.report.content.guide import guide
from geoplan.report.content.meeting import Former, meeting
from geoplan.report.content.registry import tables
from geoplan.report.content.site_plans import site_plans
from geoplan.report.content.tasks import tasks_by_office
from geoplan.report.folder.manifest import environment_block, write_manifest
from geoplan.report.folder.store import write_outcome
from geoplan.report.layers.exports import write_exports
from geoplan.report.layers.geopackage import write_layers
from geoplan.report.layers.project import write_project
from geoplan.report.webmap.map import write_map
from geoplan.report.workbook.csv_files import rows_text, write_csv
from geoplan.report.workbook.pack_book import write_pack_book
from geoplan.report.workbook.reporting_form import write_form
from geoplan.report.workbook.workbook import write_workbook
from geoplan.standards.packs.compare import diff
from geoplan.standards.packs.read import Pack
from geoplan.standards.packs.show import difference_header, difference_rows
from geoplan.standards.packs.tools import entries_for, to_yaml
from geoplan.study.formats import ending
from geoplan.tables import ADOPTED, Outcome
from geoplan.version import __version__
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note, OutputError
from geoplan.words.progress import Stages, stage_name


def write_outputs(
    outcome: Outcome,
    folder: Path,
    *,
    minutes: Mapping[str, MinutesRaster],
    seconds: Mapping[str, float],
    stages: Stages,
    papers: Sequence[str] = (),
    exports: Mapping[str, Any] | None = None,
    former: Former | None = None,
) -> None:
    """Write every output of a run into `folder`, which `geoplan.report.folder.delivery` publishes.

    Parameters
    ----------
    outcome
        What the run found out.
    folder
        An empty folder.
    minutes
        Service -> minutes raster.
    seconds
        Stage -> seconds of the run so far, for ``run.json`` and ``run.log``.
    stages
        Listener of stages.
    papers
        ``word``, ``atlas`` and ``communities``: what is to be handed in beside map, workbook and report.
    former
        The run that the page for the meeting tells changes against; None for none.
    exports
        ``formats`` and ``crs`` of further layers, see `geoplan.report.layers.exports`; None for none.
    """
    started = dt.datetime.now(dt.UTC).astimezone()
    folder.mkdir(exist_ok=True)
    # what has a page of its own is linked to it
    pages = cards.page_links(outcome) if "communities" in papers else {}
    with stages("map"):
        write_map(outcome, folder / "map.html", pages)
    with stages("workbook"):
        found = tables(outcome)
        book = found["workbook"]
        write_workbook((guide(book, outcome), *book), outcome, folder / "gap_list.xlsx")
        write_csv(found["csv"], outcome, folder)
    with stages("layers"):
        written = write_layers(outcome, folder / "coverage.gpkg")
        write_project(outcome, written, folder / "coverage.qgs", package="coverage.gpkg")
        for service, raster in minutes.items():
            write_minutes(
                folder / f"minutes_{service}.tif", raster, description=f"minutes on foot: {service}"
            )
    with stages("report"):
        write_report(outcome, folder / "report.html", pages)
    if papers:
        with stages("papers"):
            _write_papers(outcome, folder, papers, former)
    if exports is not None:
        with stages("exports"):
            write_exports(outcome, folder / "exports", **exports)
    with stages("store"):
        write_outcome(outcome, folder)
    spent = {**seconds, **stages.seconds}
    environment = environment_block(started=started.isoformat(timespec="seconds"), seconds=spent)
    write_manifest(outcome, folder, version=__version__, environment=environment)
    (folder / "run.log").write_text(log(outcome, spent, started.isoformat()), encoding="utf-8", newline="\n")


def _write_papers(outcome: Outcome, folder: Path, papers: Sequence[str], former: Former | None) -> None:
    # imported here: Word and PDF libraries take their time to load, and not every run needs them
    if "word" in papers:
        from geoplan.report.word.document import write_document

        write_document(meeting(outcome, former), outcome, folder / "meeting.docx")
        write_document(assessment(outcome), outcome, folder / "assessment.docx")
        write_document(guidance(outcome), outcome, folder / "town_guidance.docx")
        plans = site_plans(outcome)
        if plans is not None:
            write_document(plans, outcome, folder / "siting_plans.docx")
    if "atlas" in papers:
        from geoplan.report.atlas.atlas import write_atlas

        write_atlas(outcome, folder / "atlas.pdf")
    if "communities" in papers:
        cards.write_cards(outcome, folder / cards.FOLDER)


def log(outcome: Outcome, seconds: Mapping[str, float], started: str) -> str:
    """Return the run's log: when, where the time went, what is proven of siting, and everything that was found."""
    lines = [f"geoplan {__version__}  {outcome.name}  {started}", ""]
    lines += [f"{value:8.2f} s  {stage_name(key, outcome.lang)}" for key, value in seconds.items()]
    lines += [f"{sum(seconds.values()):8.2f} s", ""]
    lines += [
        f"{answer.question}  {answer.label}  {answer.proof(outcome.lang)}" for answer in answers(outcome)
    ]
    for row in outcome.warnings.itertuples():
        place = " ".join(
            str(part)
            for part in (row.file, "" if row.row is None else row.row, row.zone)
            if str(part) not in ("", "<NA>")
        )
        lines.append(f"{row.severity:8} {row.code:32} {place}  {row.text}  {row.action}".rstrip())
    return "\n".join(lines) + "\n"


def write_comparison(compared: comparison.Comparison, folder: Path) -> tuple[Path, ...]:
    """Write ``compare.html``, ``compare.xlsx`` and ``compare.csv`` with its package into `folder`; return their paths.

    The same comparison gives the same bytes. The folder is made where it is not there.
    """
    page, book = folder / "compare.html", folder / "compare.xlsx"
    folder.mkdir(parents=True, exist_ok=True)
    page.write_bytes(comparison_page(compared).encode("utf-8"))
    write_workbook(comparison.comparison_pages(compared), compared.titled(), book)
    return page, book, *write_csv([comparison.long_table(compared)], compared.titled(), folder)


def write_annual(table: annual.Annual, folder: Path) -> tuple[Path, ...]:
    """Write ``annual.xlsx`` (years beside each other) and ``annual.csv`` (a row an indicator and year); return their paths."""
    book = folder / "annual.xlsx"
    folder.mkdir(parents=True, exist_ok=True)
    write_workbook(annual.annual_pages(table), table.last, book)
    return book, *write_csv([annual.long_table(table)], table.last, folder)


def write_periods(outcomes: periods.Periods, folder: Path) -> tuple[Path, ...]:
    """Write ``annual.xlsx`` (periods beside each other) and ``annual.csv`` (a row an indicator and period); return their paths."""
    book = folder / "annual.xlsx"
    folder.mkdir(parents=True, exist_ok=True)
    titled = periods.titled(outcomes)
    write_workbook(periods.period_pages(outcomes), titled, book)
    return book, *write_csv([periods.period_lines(outcomes)], titled, folder)


def write_confirmations(found: confirmations.Confirmed, folder: Path) -> tuple[Path, ...]:
    """Write ``confirm.xlsx`` and ``confirm.csv`` (a row each of the gap list) with its package into `folder`; return their paths."""
    book = folder / "confirm.xlsx"
    folder.mkdir(parents=True, exist_ok=True)
    write_workbook(confirmations.confirmation_pages(found), found.outcome, book)
    return book, *write_csv([confirmations.long_table(found)], found.outcome, folder)


def write_pack(name: str | Path, path: Path, *, lang: str) -> Path:
    """Write a pack of rules as a workbook (.xlsx) or as YAML (.yaml, .yml), by the ending of `path`; return `path`.

    Raises
    ------
    PackError
        If there is no such pack, or it has wrong entries.
    OutputError
        If the file is there already, cannot be written, or has another ending.
    """
    if ending(path) not in (".xlsx", ".yaml", ".yml"):
        raise OutputError(Note.of("pack_export_kind", file=str(path), severity="error"))
    if path.exists():
        raise OutputError(Note.of("pack_exists", file=str(path), severity="error"))
    entries = entries_for(name, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending(path) == ".xlsx":
            write_pack_book(entries, path, lang=lang)
        else:
            path.write_text(to_yaml(entries), encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(Note.of("output_unwritable", file=str(path), why=str(error), severity="error")) from error  # fmt: skip
    return path


def write_pack_differences(before: Pack, after: Pack, path: Path, *, lang: str) -> None:
    """Write how two packs differ as CSV, UTF-8 with BOM, one entry a row.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    rows = difference_rows(before, after, diff(before, after, lang), lang)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rows_text(difference_header(lang), rows), encoding="utf-8-sig", newline="")
    except OSError as error:
        raise OutputError(Note.of("output_unwritable", file=str(path), why=str(error), severity="error")) from error  # fmt: skip


def write_reporting_form(packs: Sequence[Pack], path: Path, *, year: int, lang: str) -> int:
    """Write the workbook that departments fill (部门填报表), one sheet an office; return how many offices it has.

    Raises
    ------
    OutputError
        If the file is there already, or cannot be written.
    """
    if path.exists():
        raise OutputError(Note.of("pack_exists", file=str(path), severity="error"))
    made = reporting.reporting_tables(packs, year=year, lang=lang)
    choices = {"adopt": [phrase(f"adopt_{code}", lang) for code in ADOPTED]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_form(made, path, filled=reporting.FILLED, choices=choices, lang=lang)
    except OSError as error:
        raise OutputError(Note.of("output_unwritable", file=str(path), why=str(error), severity="error")) from error  # fmt: skip
    return len(made)


def write_tasks(outcome: Outcome, path: Path) -> int:
    """Write 任务分工表 as a workbook with one sheet an office; return how many sheets it has.

    Raises
    ------
    OutputError
        If the file is there already, cannot be written, or no pack of rules judges.
    """
    if path.exists():
        raise OutputError(Note.of("pack_exists", file=str(path), severity="error"))
    made = tasks_by_office(outcome)
    if not made:
        raise OutputError(Note.of("tasks_none", file=str(path), severity="error"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_workbook(made, outcome, path)
    except OSError as error:
        raise OutputError(Note.of("output_unwritable", file=str(path), why=str(error), severity="error")) from error  # fmt: skip
    return len(made)
