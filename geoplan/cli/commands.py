"""The command line: parse, call the Python API, print."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from geoplan.cli import console
from geoplan.cli import demo as samples
from geoplan.version import __version__
from geoplan.words.errors import GeoplanError, kinds_of
from geoplan.words.progress import Stages

if TYPE_CHECKING:
    from geoplan.study.scenario import Scenario
    from geoplan.study.study import Study
    from geoplan.tables import Outcome

app = typer.Typer(
    name="geoplan",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="15分钟养老托育服务圈评价：覆盖图、短板清单、指标对照表。\n\n15-minute eldercare and childcare circles: coverage map, gap list, indicator table.",
)

Lang = Literal["zh", "en"]
LangOption = Annotated[
    Lang | None, typer.Option("--lang", help="语言，默认取自项目配置文件。 Language; default: the study's.")
]
StudyPath = Annotated[Path, typer.Argument(help="项目配置文件（YAML）。 Study file.", show_default=False)]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="结果文件夹。 Folder of results; default: the study's `out`.")
]
OutFolder = Annotated[Path, typer.Option("--out", help="结果文件夹。 Folder of results.")]
PrintLang = Annotated[Lang, typer.Option("--lang", help="语言。 Language.")]
PackName = Annotated[str, typer.Argument(help="名称或文件。 Name or file.", show_default=False)]


@app.command()
def new(
    folder: Annotated[
        Path, typer.Argument(help="新文件夹。 A folder that does not exist yet.", show_default=False)
    ],
) -> None:
    """新建一个可直接运行、带注释的评价项目。 Write a runnable, commented study.

    Example: geoplan new my-district
    """
    study = samples.write_new(folder)
    console.say("new_written", study=study)


@app.command()
def check(
    study: StudyPath,
    columns: Annotated[
        bool,
        typer.Option(
            "--columns",
            help="只打印各表识别出的列。 Only print the columns recognised of each list, as `columns:`.",
        ),
    ] = False,
    lang: LangOption = None,
) -> None:
    """读取全部输入，列出发现的内容与问题，不做长时间计算。 Read every input; print what was found and every problem.

    Example: geoplan check study.yaml
    """
    from geoplan.pipeline.gather import gather, recognised_columns
    from geoplan.pipeline.plan_sites import siting_questions
    from geoplan.pipeline.provenance import read_packs
    from geoplan.pipeline.site_candidates import read_lists
    from geoplan.pipeline.street_check import check_streets
    from geoplan.study.study import read_study

    settings = read_study(study)
    if columns:
        console.print_columns(recognised_columns(settings), lang or settings.lang)
        return
    read_packs(settings)
    if settings.siting is not None:
        siting_questions(settings)
    with console.progress(lang or settings.lang) as listen:
        stages = Stages(listen)
        inputs = gather(settings, stages=stages)
        listed = read_lists(settings, inputs)
        streets = check_streets(inputs, stages=stages)
        notes = (*inputs.notes, *streets.notes, *(note for found in listed for note in found.notes))
        inputs = replace(inputs, notes=notes)
    console.print_check(inputs, streets, lang=lang or settings.lang, listed=listed)
    if any(note.severity == "error" for note in inputs.notes):
        raise typer.Exit(code=3)


@app.command()
def run(study: StudyPath, out: OutOption = None, lang: LangOption = None) -> None:
    """评价计算：覆盖图、短板清单、工作簿、图层与报告。 Do the whole job, with a line for each stage.

    Example: geoplan run study.yaml
    """
    _run(study, out=out, lang=lang)


@app.command()
def site(
    study: StudyPath,
    question: Annotated[
        list[str] | None,
        typer.Option("--question", help="只答这些选址问题，可多次。 Only these questions; may be repeated."),
    ] = None,
    out: OutOption = None,
    lang: LangOption = None,
) -> None:
    """选址布局：建在哪里、建多大、先后次序，并给出最优性证明。 Where to build, how large, in what order, with proof.

    Ctrl-C 结束当前问题，保留当前最优方案及其理论界限。 Ctrl-C ends a search with its best answer so far and the bound.

    Example: geoplan site study.yaml
    """
    from geoplan.cli import console_site
    from geoplan.pipeline.plan_sites import site as answer
    from geoplan.study.study import read_study

    own = read_study(study)
    told_in = lang or own.lang
    with console.progress(told_in) as listen, console_site.searches(told_in) as listener:
        stages = Stages(listen)
        result = answer(own, only=question or (), lang=lang, stages=stages, listener=listener)
        folder = out or own.out_folder / "site"
        result.save(folder, stages=stages)
    console_site.print_sites(result, folder)


@app.command()
def demo(out: OutFolder = Path("out/demo"), lang: LangOption = None) -> None:
    """用自带的示例镇运行一遍（演示数据）。 Run the demo town that ships (illustrative data).

    Example: geoplan demo
    """
    _run(samples.demo_study(), out=out, lang=lang)


@app.command()
def download(
    place: Annotated[str, typer.Argument(help="地名。 Place name, e.g. 武汉市江岸区", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="写入的路网文件。 File to write.")] = Path(
        "streets.graphml"
    ),
) -> None:
    """从 OpenStreetMap 下载路网（唯一联网的命令）。 Download streets; the only command that uses the Internet.

    Example: geoplan download 武汉市江岸区 --out streets.graphml
    """
    from geoplan.inputs.streets.osmnx_bridge import download_streets

    console.say("download_start", place=place)
    download_streets(place, out)
    console.say("written", folder=out)


@app.command()
def compare(
    before: Annotated[
        Path,
        typer.Argument(
            help="研究、方案或结果文件夹。 Study, scenario, or folder of results.", show_default=False
        ),
    ],
    after: Annotated[Path, typer.Argument(help="同上。 The same.", show_default=False)],
    out: OutFolder = Path("out/compare"),
    lang: LangOption = None,
) -> None:
    """方案比选：覆盖人口、达标变化、缺口变化，双屏地图。 What changes from one to the other, with a two-sided map.

    Example: geoplan compare study.yaml scenario.yaml
    """
    from geoplan.report.content.comparison import area_table, changed_verdicts_table, totals_table
    from geoplan.report.content.comparison import compare as compare_outcomes
    from geoplan.report.folder.delivery import delivery
    from geoplan.report.folder.save import write_comparison

    comparison = compare_outcomes(_outcome(before, lang), _outcome(after, lang))
    for table in (
        area_table(comparison),
        changed_verdicts_table(comparison),
        totals_table(comparison, moved=True),
    ):
        console.print_table(table, comparison.lang)
    for note in comparison.notes:
        console.out.print(note.text(comparison.lang), markup=False, highlight=False, soft_wrap=True)
    with delivery(out) as made:
        write_comparison(comparison, made.folder)
    console.say("written", folder=out)


@app.command()
def cards(
    results: Annotated[Path, typer.Argument(help="结果文件夹。 Folder of results.", show_default=False)],
    zone: Annotated[
        str | None,
        typer.Option("--zone", help="只打印这个社区：代码或名称。 Only this community, by code or name."),
    ] = None,
    town: Annotated[
        str | None,
        typer.Option(
            "--town", help="只打印这个街道（乡镇）或区县。 Only this town or district, by code or name."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="写入的文件夹，默认结果文件夹下的 communities。 Folder to write; default: communities in the folder of results.",
        ),
    ] = None,
) -> None:
    """一社区一表：已有结果的每个社区一页 A4，每个街道一份 PDF 和网页。 One page (A4) a community of a finished run, a PDF and an HTML file a town.

    Example: geoplan cards out/demo --zone 东山社区
    """
    from geoplan.report.cards.cards import FOLDER, chosen_zones, write_cards
    from geoplan.report.folder.store import read_outcome

    outcome = read_outcome(results)
    zones = chosen_zones(outcome, zone=zone, town=town)
    for path in write_cards(outcome, out or results / FOLDER, zones, each=zone is not None):
        console.say("written", folder=path)


@app.command(context_settings={"allow_extra_args": True})
def annual(
    context: typer.Context,
    study: StudyPath,
    years: Annotated[
        list[str],
        typer.Option(
            "--years",
            help="年份、季度或月份，如 2023-2025、2025Q1-2025Q4、2025-03。 Years, quarters or months, e.g. 2023-2025, 2025Q1-2025Q4, 2025-03.",
        ),
    ],
    out: OutOption = None,
    lang: LangOption = None,
) -> None:
    """年度考核表：同一项目多个年份的完成率与序时进度。 The same study for several years in one table.

    季度、月份为监测表，部门填报值截至期末。 Quarters and months: what departments had reported by their end.

    Example: geoplan annual study.yaml --years 2023 2024 2025
    """
    from geoplan.pipeline.evaluate import run as run_study
    from geoplan.pipeline.evaluate import run_periods
    from geoplan.report.content.annual import annual as annual_of
    from geoplan.report.content.annual import periods_of
    from geoplan.report.folder.delivery import delivery
    from geoplan.report.folder.save import write_annual, write_periods
    from geoplan.study.study import read_study

    own = read_study(study)
    own = own if lang is None else own.in_language(lang)
    periods = periods_of([*years, *context.args])
    folder = out or own.out_folder / "annual"
    if any(period.is_part for period in periods):
        found = run_periods(own, periods)
        with delivery(folder) as made:
            write_periods(found, made.folder)
    else:
        table = annual_of([run_study(own.in_year(period.year)).outcome for period in periods])
        with delivery(folder) as made:
            write_annual(table, made.folder)
    console.say("written", folder=folder)


@app.command()
def tasks(
    result: Annotated[
        Path,
        typer.Argument(
            help="研究、方案或结果文件夹。 Study, scenario, or folder of results.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="写入的文件。 File to write.")] = Path("tasks.xlsx"),
    lang: LangOption = None,
) -> None:
    """任务分工表：每个单位一张工作表，牵头的在前，配合的在后。 Tasks of a finished run, one sheet an office.

    Example: geoplan tasks out/demo --out tasks.xlsx
    """
    from geoplan.report.folder.save import write_tasks
    from geoplan.standards.packs.tools import new_file

    new_file(out)  # before a study is run
    found = _outcome(result, lang)
    sheets = write_tasks(found if lang is None else replace(found, lang=lang), out)
    console.say("tasks_written", book=out, sheets=sheets)


@app.command()
def confirm(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="街道反馈的缺口清单，可多个。 Gap lists that street offices return; one or more.",
            show_default=False,
        ),
    ],
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            help="对照的结果文件夹，默认为第一个文件所在文件夹；有定稿的对照定稿。 Folder of results to match with; default: that of the first file; its filed run where one is.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="结果文件夹，默认为对照文件夹下的 confirm。 Folder of results; default: `confirm` in that of --run.",
        ),
    ] = None,
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="语言，默认与对照结果相同。 Language; default: the run's.")
    ] = None,
) -> None:
    """街道核实：读回各街道填写的缺口清单，汇总意见，列出要改什么。 Read what street offices filled in; what follows from it.

    Example: geoplan confirm returned/*.xlsx --run out
    """
    from geoplan.inputs.lists.confirmations import read_confirmations
    from geoplan.report.content.confirmations import confirmed, summary_tables
    from geoplan.report.folder.delivery import delivery
    from geoplan.report.folder.filed import reference_run
    from geoplan.report.folder.save import write_confirmations

    read = read_confirmations(files)
    folder = run or files[0].parent
    outcome, name = reference_run(folder)
    told_in = lang or outcome.lang
    found = confirmed(replace(outcome, lang=told_in), read, run=name.text(told_in))
    for table in summary_tables(found):
        console.print_table(table, told_in)
    console.print_kinds(kinds_of(note.said(told_in) for note in found.notes), told_in)
    with delivery(out or folder / "confirm") as made:
        write_confirmations(found, made.folder)
    console.say("written", lang=told_in, folder=out or folder / "confirm")


@app.command()
def freeze(
    out: Annotated[Path, typer.Argument(help="结果文件夹。 Folder of results.", show_default=False)],
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            help="runs 下的运行编号，默认为最近一次。 Name of a run under `runs`; default: the latest.",
        ),
    ] = None,
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="语言，默认与系统相同。 Language; default: the system's.")
    ] = None,
) -> None:
    """定稿：记下上报的是哪一次运行，以后的变化都与它比较。 Say which run was filed; later ones are told against it.

    Example: geoplan freeze out --run 20260305-101500
    """
    from geoplan.report.folder.filed import file_run, filed_name, runs_of

    before = filed_name(out)
    filed = file_run(out, run).name
    known = runs_of(out)
    console.say("filed_done", lang=lang, run=filed, out=out, known=tuple(known))
    was = "same" if before == filed else "before" if before in known else "before_gone"
    console.say(f"filed_{was if before else 'first'}", lang=lang, run=before)


@app.command()
def assess(
    totals: Annotated[
        Path,
        typer.Option(
            "--totals",
            help="总数文件（YAML 或 CSV），或自带的名称。 File of totals, YAML or CSV, or the name of one that ships.",
        ),
    ],
    pack: Annotated[
        str | None, typer.Option("--pack", help="规划指标库。 Pack; default: the one that the file names.")
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", help="评价年份。 Year that is judged; default: the file's.")
    ] = None,
    lang: PrintLang = "zh",
) -> None:
    """不用地图，只凭总数评价规划指标。 Judge a plan from totals alone, without a map.

    Example: geoplan assess --totals huzhong
    """
    from geoplan.standards.totals import assess_totals_file, printable

    found = assess_totals_file(samples.totals_file(totals), pack, year)
    console.out.print(printable(found, lang), markup=False, highlight=False, soft_wrap=True)


packs = typer.Typer(
    no_args_is_help=True,
    help="规划指标库：列表、查看、比较、检查、复制、导出。 Packs of rules: list, show, compare, check, copy, export.\n\nExample: geoplan packs list",
)
app.add_typer(packs, name="packs")


@packs.command("list")
def packs_list(lang: PrintLang = "zh") -> None:
    """列出自带的规划指标库。 List the packs that ship.

    Example: geoplan packs list
    """
    from geoplan.standards.packs.tools import list_packs

    found = list_packs().reset_index()
    kept = [column for column in found.columns if not column.endswith("_en" if lang == "zh" else "_zh")]
    console.table("", kept, [tuple(map(str, row)) for row in found[kept].itertuples(index=False)])


@packs.command("show")
def packs_show(
    pack: PackName,
    rule: Annotated[
        str | None,
        typer.Argument(help="指标编号；不填则列出全部。 Id of a rule; default: all rules in short."),
    ] = None,
    lang: PrintLang = "zh",
) -> None:
    """列出一个规划指标库的全部指标，或显示一项指标的全部内容。 Print the rules of a pack, or all that it says of one.

    Example: geoplan packs show yantai total_places
    """
    from geoplan.standards.packs.read import read_pack
    from geoplan.standards.packs.show import card, rule_named, show

    found = read_pack(pack)
    text = show(found, lang) if rule is None else card(found, rule_named(found, rule), lang)
    console.out.print(text, end="", markup=False, highlight=False, soft_wrap=True)


@packs.command("diff")
def packs_diff(
    before: Annotated[
        str, typer.Argument(metavar="A", help="名称或文件。 Name or file.", show_default=False)
    ],
    after: Annotated[str, typer.Argument(metavar="B", help="名称或文件。 Name or file.", show_default=False)],
    csv: Annotated[
        Path | None, typer.Option("--csv", help="同时写入该文件。 Also write the rows into this file.")
    ] = None,
    lang: PrintLang = "zh",
) -> None:
    """比较两个规划指标库：各自独有的指标、内容不同的指标。 Print how the rules of two packs differ.

    Example: geoplan packs diff yantai my_pack.yaml --csv diff.csv
    """
    from geoplan.report.folder.save import write_pack_differences
    from geoplan.standards.packs.compare import diff
    from geoplan.standards.packs.read import read_pack
    from geoplan.standards.packs.show import difference_text

    first, second = read_pack(before), read_pack(after)
    text = difference_text(first, second, diff(first, second, lang), lang)
    console.out.print(text, end="", markup=False, highlight=False, soft_wrap=True)
    if csv is not None:
        write_pack_differences(first, second, csv, lang=lang)
        console.say("written", folder=csv)


@packs.command("check")
def packs_check(
    file: Annotated[
        Path, typer.Argument(help="自编指标库（YAML 或 Excel）。 Your pack.", show_default=False)
    ],
) -> None:
    """检查自编的规划指标库，列出每处错误。 Check a pack of your own; every wrong entry with its line.

    Example: geoplan packs check my_pack.yaml
    """
    from geoplan.standards.packs.tools import check as check_pack

    console.say("pack_fits", pack=file, rules=len(check_pack(file).rules))


@packs.command("copy")
def packs_copy(
    pack: PackName,
    to: Annotated[Path, typer.Option("--to", help="写入的文件。 File to write.")],
    years: Annotated[
        str,
        typer.Option(
            "--years", help="新规划的起止年或目标年。 Years of the next plan, or its last.", show_default=True
        ),
    ] = "2030",
    yes: Annotated[
        bool | None,
        typer.Option(
            "--yes/--no",
            help="有新的国家指标的，改用国家指标或沿用原数值；默认询问。 Take newer national figures, or carry the former ones on; default: ask.",
        ),
    ] = None,
) -> None:
    """以现有规划为底，起草下一轮规划的指标库。 Start the next plan's pack from one that is there.

    Example: geoplan packs copy yantai --to yantai2030.yaml --years 2026-2030
    """
    from geoplan.standards.packs.read import read_pack
    from geoplan.standards.packs.replaced import replacements
    from geoplan.standards.packs.tools import copy, new_file, plan_years

    new_file(to)  # before anything is asked
    first, last = plan_years(years)
    former = read_pack(pack)
    found = replacements(former, year=last)
    if found:
        console.print_replacements(found, former.title(console.language()))
        asked = console.confirmed("pack_replaced_ask") if yes is None else yes
        take = asked is not False
    else:
        asked = take = False
    file = copy(former, to, years=last, first=first, take_national=take)
    console.say("written", folder=file)
    if found:
        code = "unasked" if asked is None else "taken" if take else "kept"
        console.say(f"pack_replaced_{code}", count=len(found))


@packs.command("export")
def packs_export(
    pack: PackName,
    out: Annotated[Path, typer.Option("--out", "-o", help="写入的文件（.xlsx 或 .yaml）。 File to write.")],
    lang: PrintLang = "zh",
) -> None:
    """把规划指标库写成 Excel 工作簿或 YAML，可互相转换，内容不变。 Write a pack as a workbook or as YAML.

    工作簿改好后可直接写入 packs。 A study's packs may name the workbook.

    Example: geoplan packs export yantai -o my_pack.xlsx
    """
    from geoplan.report.folder.save import write_pack

    console.say("written", folder=write_pack(pack, out, lang=lang))


templates = typer.Typer(
    no_args_is_help=True,
    help="供各部门填写的表。 Forms for departments to fill.\n\nExample: geoplan template reporting study.yaml",
)
app.add_typer(templates, name="template")


@templates.command("reporting")
def template_reporting(
    study: StudyPath,
    out: Annotated[Path, typer.Option("--out", help="写入的文件。 File to write.")] = Path("reporting.xlsx"),
    year: Annotated[
        int | None, typer.Option("--year", help="填报年份。 Year to report; default: the study's.")
    ] = None,
    lang: LangOption = None,
) -> None:
    """部门填报表：每个牵头单位一张工作表，按规划附件的顺序。 A workbook for departments, one sheet an office, in the plan's order.

    填好后写入 reporting，再运行评价。 Once filled, name it under `reporting` and run the study.

    Example: geoplan template reporting study.yaml --out reporting.xlsx
    """
    from geoplan.pipeline.provenance import read_packs
    from geoplan.report.folder.save import write_reporting_form
    from geoplan.study.study import read_study

    own = read_study(study)
    offices = write_reporting_form(read_packs(own), out, year=year or own.year, lang=lang or own.lang)
    console.say("form_written", form=out, offices=offices)


def _read(path: Path) -> "Study | Scenario":
    """Return the study or the scenario that a file holds."""
    from geoplan.study.scenario import is_scenario, read_scenario
    from geoplan.study.study import read_study

    return read_scenario(path) if is_scenario(path) else read_study(path)


def _outcome(path: Path, lang: Lang | None) -> "Outcome":
    """Return the outcome of a run whose folder is given, or of a study or scenario that is run now."""
    from geoplan.pipeline.evaluate import run as run_study
    from geoplan.report.folder.store import read_outcome

    if path.is_dir():
        return read_outcome(path)
    given = _read(path)
    with console.progress(lang or given.lang or console.language()) as listen:
        return run_study(given, lang=lang, stages=Stages(listen)).outcome


def _run(path: Path, *, out: Path | None, lang: Lang | None) -> None:
    from geoplan.pipeline.evaluate import run as run_study
    from geoplan.report.folder.filed import told_against

    given = _read(path)
    folder = out or given.out_folder
    with console.progress(lang or given.lang or console.language()) as listen:
        stages = Stages(listen)
        result = run_study(given, lang=lang, stages=stages)
        saved = result.save(folder, stages=stages)
    console.print_result(result, saved)
    against = told_against(folder)
    if against is not None:
        console.say_note(against, result.outcome.lang)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="版本。 Version.")] = False) -> None:
    if version:
        console.out.print(f"geoplan {__version__}", highlight=False)
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; map errors to exit codes (see `geoplan.words.errors`), never a traceback for a planner's mistake."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a GBK console must not stop a run
    try:
        app(arguments, standalone_mode=True)
    except GeoplanError as error:
        problems = Console(stderr=True, soft_wrap=True)
        problems.print(error.text(console.language()), style="red", highlight=False, markup=False)
        raise SystemExit(error.exit_code) from None
