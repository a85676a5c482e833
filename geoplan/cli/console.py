"""What the command line prints: stages, the check's table, the run's summary."""

import locale
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from rich.table import Table
from rich.text import Text

from geoplan.report.content.table import Table as ContentTable
from geoplan.report.look import banner
from geoplan.report.look.words import rule_label, service_label, share
from geoplan.tables import VERDICTS, Outcome
from geoplan.words.errors import Note
from geoplan.words.labels import label, unit
from geoplan.words.numbers import FORMATS
from geoplan.words.progress import STAGES

if TYPE_CHECKING:
    from geoplan.inputs.candidates import CandidateList
    from geoplan.pipeline.gather import Inputs
    from geoplan.pipeline.result import Result

#: Where output goes to a file or a pipe there is no width to fit.
out = Console(width=None if Console().is_terminal else 140)


def language() -> str:
    """Return the language of messages before a study has been read: English only where the system says so."""
    name = locale.getlocale()[0] or ""
    return "en" if name.lower().startswith("en") else "zh"


def say(code: str, *, lang: str | None = None, **values: Any) -> None:  # noqa: ANN401 - what the message names
    """Print one message of the catalogue in `lang`; without one in the language of the system."""
    shown: dict[str, Any] = {n: str(v) if isinstance(v, Path) else v for n, v in values.items()}
    out.print(Note.of(code, **shown).text(lang or language()), highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress(lang: str) -> Iterator[Callable[[str, float | None], None]]:
    """Show stages as they run, with the seconds of each that has ended; yield the listener for `Stages`."""
    column = 0 if lang == "zh" else 1
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
        words = STAGES[key][column]
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


def print_table(found: ContentTable, lang: str) -> None:
    """Print a table of content with the columns for where room is scarce, and its notes below it."""
    shown = found.to(1)
    right = {place for place, column in enumerate(shown.columns) if column.format in FORMATS}
    rows = [tuple(row) for row in shown.texts(lang)]
    table(
        shown.title,
        [column.header for column in shown.columns],
        rows,
        right=right,
    )
    for note in shown.notes if rows else (shown.empty,):
        out.print(note, style="dim", markup=False, highlight=False, soft_wrap=True)


def print_check(inputs: "Inputs", *, lang: str, listed: Sequence["CandidateList"] = ()) -> None:
    """Print what a study's inputs and its lists of candidates hold, and every problem with its place and what to do."""
    words = WORDS[lang]
    rows = [
        *_zone_rows(inputs, words),
        (
            words["streets"],
            f"{len(inputs.nodes):,} {words['nodes']}, {len(inputs.edges):,} {words['edges']}",
            "",
        ),
        *_group_rows(inputs),
        *_register_rows(inputs, words),
        *((found.file, f"{words['candidates']} {len(found.candidates):,}", "") for found in listed),
        (words["crs"], inputs.crs.to_string(), inputs.crs.name),
    ]
    table(words["found"], [words["input"], words["what"], words["more"]], rows)
    counts = {severity: sum(note.severity == severity for note in inputs.notes) for severity in STYLES}
    said = "  ".join(f"{words[severity]} {count}" for severity, count in counts.items())
    out.print(f"{words['problems']}  {said}", style="bold", highlight=False)
    for note in sorted(inputs.notes, key=lambda note: list(STYLES).index(note.severity)):
        mark = Text(f" {words[note.severity]} ", style=STYLES[note.severity])
        out.print(mark.append(note.text(lang), style="none"), soft_wrap=True)


def _zone_rows(inputs: "Inputs", words: Mapping[str, str]) -> list[tuple[str, str, str]]:
    rows = []
    for level, zones in inputs.zones.groupby("level", sort=False):
        if level != "area":
            square_km = zones.geometry.area.sum() / 1e6
            rows.append((label(level, words["lang"]), f"{len(zones):,}", f"{square_km:,.1f} km²"))
    return rows


def _group_rows(inputs: "Inputs") -> list[tuple[str, str, str]]:
    return [
        (str(group.label), f"{group.total:,.0f}", f"{group.basis} {group.year}  {group.source}")
        for group in inputs.people.groups.itertuples()
    ]


def _register_rows(inputs: "Inputs", words: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return a row a register: rows -> closed or duplicate -> not placed -> in the run, and the rates of placing."""
    rows = []
    for register in inputs.register.reconciliation.to_dict("records"):
        steps = [f"{words['rows']} {register['rows']}"]
        steps += [f"{words[end]} {register[end]}" for end in ENDS if register[end]]
        rates = [
            f"{words[what]} {share(register[column])}"
            for what, column in (
                ("by_rows", "placed_share"),
                ("by_beds", "beds_placed_share"),
                ("by_places", "places_placed_share"),
            )
            if register[column] == register[column]
        ]
        rows.append((register["file"], " → ".join(steps), f"{words['placed']} {'  '.join(rates)}"))
    return rows


def print_result(result: "Result", folder: Path) -> None:
    """Print what a run found, where the time went, and where the results are."""
    outcome = result.outcome
    words = WORDS[outcome.lang]
    if outcome.synthetic:
        out.print(banner(outcome), style="bold yellow")
    table(
        words["circles"],
        [words["service"], words["covered"], words["outside"], words["frail"], words["straight"]],
        [_circle_row(outcome, service) for service in outcome.services],
        right={1, 2, 3, 4},
    )
    table(
        words["flags"],
        [words["rule"], words["flagged"], words["short"], words["affected"]],
        _flag_rows(outcome),
        right={1, 2, 3},
    )
    verdicts = outcome.findings["verdict"].value_counts()
    said = "  ".join(f"{label(verdict, outcome.lang)} {verdicts.get(verdict, 0)}" for verdict in VERDICTS)
    out.print(f"{words['verdicts']}  {said}", highlight=False)
    out.print(f"{words['results']}  {folder}", highlight=False, soft_wrap=True)
    for name, what in FILES.items():
        if (folder / name).is_file():
            out.print(f"  {name:18} {what[0 if outcome.lang == 'zh' else 1]}", highlight=False)


def _circle_row(outcome: Outcome, service: str) -> tuple[str, ...]:
    rows = outcome.circle
    whole = rows[(rows["service"] == service) & (rows["zone_id"] == "area/area") & (rows["kind"] == "")]
    shares = whole.set_index("measure")["share"]
    network = whole[whole["measure"] == "network"].iloc[0]
    return (
        service_label(outcome.services, service, outcome.lang),
        share(network["share"]),
        f"{network['outside']:,.0f}",
        share(shares.get("frail")),
        share(shares.get("straight")),
    )


def _flag_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    flags = outcome.flags[
        outcome.flags["zone_id"].isin(outcome.zones.index[outcome.zones["level"] == "community"])
    ]
    for rule, group in flags.groupby("rule_id", sort=False):
        short = group[group["flagged"].fillna(False).astype(bool)]
        amount = f"{short['shortfall'].sum():,.0f} {unit(group['unit'].iloc[0], outcome.lang)}"
        people = f"{short['people_affected'].sum():,.0f}"
        rows.append(
            (
                rule_label(outcome.rules, str(rule), outcome.lang),
                f"{len(short):,} / {len(group):,}",
                amount,
                people,
            )
        )
    return rows


STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}
#: How rows of a register end, in the order of the reconciliation.
ENDS = ("closed", "not_open", "duplicate", "unknown_type", "not_placed", "in_run")
FILES = {
    "map.html": ("覆盖与短板地图（断网可开）", "map, opens without a network"),
    "report.html": ("评价报告（可打印）", "report to print"),
    "gap_list.xlsx": (
        "工作簿：短板社区、主要指标、缺口清单",
        "workbook: flagged communities, indicators, gap list",
    ),
    "assessment.docx": ("现状评估（Word）", "assessment chapter (Word)"),
    "town_guidance.docx": ("分街道指引（Word）", "guidance by town (Word)"),
    "atlas.pdf": ("布局图集", "atlas"),
    "coverage.gpkg": ("图层（QGIS 样式）", "layers with QGIS styles"),
    "run.json": ("计算记录", "manifest"),
}
WORDS = {
    "zh": {
        "lang": "zh", "found": "数据检查", "input": "输入", "what": "内容", "more": "说明", "streets": "步行路网", "nodes": "节点",
        "edges": "路段", "crs": "计算坐标系", "candidates": "备选点位", "problems": "发现的问题", "kind": "级别", "where": "位置", "text": "内容", "action": "处理",
        "error": "错误", "warning": "警告", "info": "提示", "rows": "台账", "closed": "停用", "not_open": "未启用", "duplicate": "重复",
        "unknown_type": "类型不明", "not_placed": "待落点", "in_run": "参与计算", "placed": "落点率", "by_rows": "按条", "by_beds": "按床位",
        "by_places": "按托位", "circles": "15分钟服务圈（人口覆盖率）", "service": "服务", "covered": "路网步行", "outside": "圈外人口",
        "frail": "体弱老人步速", "straight": "直线半径", "flags": "短板社区（村）", "rule": "指标", "flagged": "短板 / 全部", "short": "缺口合计",
        "affected": "涉及人数", "verdicts": "评价结论", "results": "结果",
    },
    "en": {
        "lang": "en", "found": "Data check", "input": "Input", "what": "What", "more": "More", "streets": "Walking network",
        "nodes": "nodes", "edges": "edges", "crs": "CRS", "candidates": "candidates", "problems": "Problems found", "kind": "Kind", "where": "Where",
        "text": "Found", "action": "Done, or to do", "error": "errors", "warning": "warnings", "info": "notes", "rows": "rows",
        "closed": "closed", "not_open": "not yet open", "duplicate": "duplicate", "unknown_type": "unknown type",
        "not_placed": "not placed", "in_run": "in the run", "placed": "placed", "by_rows": "rows", "by_beds": "beds",
        "by_places": "places", "circles": "Circles (share of people)", "service": "Service", "covered": "Network",
        "outside": "People outside", "frail": "Frail pace", "straight": "Straight line", "flags": "Flagged communities",
        "rule": "Indicator", "flagged": "Flagged / all", "short": "Shortfall", "affected": "People affected",
        "verdicts": "Verdicts", "results": "Results",
    },
}  # fmt: skip
