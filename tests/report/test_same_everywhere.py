"""Every figure and word is the same in every output: tables are read back from the files and compared cell by cell.

A reader returns what one output prints: title of a table -> its rows, each header -> text. Two outputs that print a table of one
title agree in every row and header that both have; a paper may print the first rows and fewer columns.
"""

import csv
import dataclasses
import html
import itertools
import json
import re
from types import SimpleNamespace

import docx
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
from printed import packed_text, read_word, read_workbook, tables_of_html, texts
from report_town import BEDS, CIRCLE_C, PLACES
from spreadsheet import cells_and_texts, write_book, write_files

from geoplan.cli import console, console_site
from geoplan.report.booklet.page import report_page
from geoplan.report.content.assessment import assessment
from geoplan.report.content.comparison import compare, overview_tables
from geoplan.report.content.document import Shown
from geoplan.report.content.fields import field_names
from geoplan.report.content.guidance import guidance
from geoplan.report.content.names import field_name
from geoplan.report.content.registry import tables
from geoplan.report.content.sites import sites_table
from geoplan.report.content.table import Amount, Coded, Computed, Listed, Tally
from geoplan.report.content.zones import circle_totals, flag_totals, off_network_notes, provision
from geoplan.report.folder.save import write_comparison
from geoplan.report.layers.geopackage import write_layers
from geoplan.report.look import fonts
from geoplan.report.webmap.map import payload
from geoplan.standards.action import Adviser
from geoplan.standards.assess import Assessment
from geoplan.standards.flags import study_circles
from geoplan.standards.gaps import gap_list
from geoplan.standards.packs.read import read_pack
from geoplan.standards.priority import priorities, with_priority
from geoplan.study.priority import Priority
from geoplan.tables import GRADES, LEVELS
from geoplan.words.numbers import FORMATS


def _with_unknowns(outcome):
    """Return the outcome with rules that nobody can judge, intervals, an open upper end, caveats, unknown costs; and its gap list.

    Beds and the circle of nurseries cannot be judged. Of places all have intervals, and one community meets them in the mean alone. A
    tenth of the people in each circle are off the network instead.
    """
    rule = outcome.flags["rule_id"]
    dark, wide = rule.isin([BEDS, CIRCLE_C]), rule == PLACES
    fine = wide & (outcome.flags["state"] == "not_flagged")
    even = fine & fine.cumsum().eq(1)
    circle = outcome.circle.assign(
        covered=outcome.circle["covered"] * 0.9,
        off_network=outcome.circle["covered"] * 0.1,
        communities_unknown=0,
    )
    circle = circle.assign(
        share=circle["covered"] / (circle["covered"] + circle["outside"]),
        share_low=circle["covered"] / circle["people"],
        share_high=(circle["covered"] + circle["off_network"]) / circle["people"],
    )
    flags = outcome.flags.assign(
        state=outcome.flags["state"].mask(dark, "unknown").mask(even, "mean_met"),
        below_high=outcome.flags["below_high"] + 7.0,
        flagged=outcome.flags["flagged"].mask(dark, pd.NA), grade=outcome.flags["grade"].mask(dark, ""), shortfall=outcome.flags["shortfall"].mask(dark),
        people_affected=outcome.flags["people_affected"].mask(dark),
        reachable_high=outcome.flags["reachable_high"].mask(dark, np.inf).mask(wide, outcome.flags["reachable_high"] + 1.37),
        caveats=outcome.flags["caveats"].where(~wide, [(*own, "caveat_new_estates") for own in outcome.flags["caveats"]]),
    )  # fmt: skip
    counts = {"members_met": 1, "members_judged": 3, "members_no_data": 4}
    unknown = [pd.NA] * (len(outcome.findings) - 1)
    findings = outcome.findings.assign(
        actual_high=outcome.findings["actual_low"] * 1.1,
        **{key: pd.array([count, *unknown], dtype="Int64") for key, count in counts.items()},
    )
    sites, candidates = outcome.sites.copy(), outcome.candidates.copy()
    sites.loc[sites.index[1], ["cost", "cost_from"]] = [np.nan, ""]
    no_cost = {"cost": np.nan, "cost_unit": np.nan, "cost_from": ""}
    candidates.loc[sites["candidate_id"].iloc[1], list(no_cost)] = list(no_cost.values())
    found = Assessment(findings, outcome.members, flags, ())
    gaps, first = _listed(outcome, found, circle)
    return dataclasses.replace(
        outcome, circle=circle, flags=flags, findings=findings, candidates=candidates, sites=sites,
        served=outcome.served.assign(served_low=outcome.served["served_low"] * 0.995),
        site_support=outcome.support.assign(projects=[tuple(outcome.sites.index[:2]), ()]),
        gap_list=gaps, priorities=first,
    )  # fmt: skip


def _listed(outcome, found, circle):
    """Return the gap list of what was found and the priority list, as a run makes them."""
    rules = [rule for rule in read_pack("wuhan").rules if rule.rule_id in outcome.rules.index]
    rules += study_circles(outcome.services, rules)
    stated = {"zones": outcome.zones, "services": outcome.services}
    adviser = Adviser.of(found.flags, rules, priority=Priority(), relief=None, lang=outcome.lang, **stated)
    gaps = gap_list(
        found, outcome.zones, outcome.rules, outcome.facilities, lang=outcome.lang, adviser=adviser
    )
    first = priorities(
        gaps, rules, demand=outcome.demand, circle=circle, premises=None, weights=Priority(), **stated
    )
    return with_priority(gaps, first), first


@pytest.fixture(scope="module", params=["demo", "unknowns"])
def outcome(request):
    """The demo as it is run, its siting questions answered; and a town of which much is not known."""
    if request.param == "demo":
        return request.getfixturevalue("sited_demo")
    return _with_unknowns(request.getfixturevalue("sited"))


def of_word(outcome, folder):
    """Read every table of the three Word papers; the title is the caption without its number."""
    papers = pytest.importorskip("geoplan.report.folder.save")
    papers._write_papers(outcome, folder, ("word",), None)
    found = {}
    for name in ("assessment.docx", "town_guidance.docx", "meeting.docx"):
        found = read_word(folder / name) | found
    return found


def of_console(outcome, folder):
    """Read the tables of a run's summary as they are handed to the terminal."""
    found, old = {}, console.table

    def table(title, columns, rows, **_options):
        found[title] = [dict(zip(columns, row, strict=True)) for row in rows]

    result = SimpleNamespace(outcome=outcome)
    console.table = table
    try:
        console.print_result(result, folder)
        console_site.print_sites(SimpleNamespace(before=result, compare=lambda: None), folder)
    finally:
        console.table = old
    return found


def of_atlas(outcome, _folder):
    """Read the tables of the atlas as they are handed to the sheets; that of indicators shows some findings only."""
    atlas = pytest.importorskip("geoplan.report.atlas.atlas")
    canvas = pytest.importorskip("geoplan.report.atlas.canvas")
    found, drawn = {}, canvas.Canvas.table

    def table(self, own, **options):
        part = canvas.filled(own.to(1))
        headers = [column.header for column in part.columns]
        if own.key != "indicators":
            found.setdefault(
                own.title, [dict(zip(headers, row, strict=True)) for row in part.texts(outcome.lang)]
            )
        return drawn(self, own, **options)

    canvas.Canvas.table = table
    try:
        with fonts.face(atlas.printed(outcome)) as face:
            list(atlas._pages(outcome, face))
    finally:
        canvas.Canvas.table = drawn
    return found


def of_page(outcome, _folder):
    """Read the tables of the printed report."""
    return tables_of_html(report_page(outcome))


#: Outputs that print tables for people.
READERS = {
    "word": of_word, "console": of_console, "atlas": of_atlas, "report": of_page,
}  # fmt: skip


@pytest.fixture(scope="module")
def book(outcome, tmp_path_factory):
    """The path of the workbook."""
    path = tmp_path_factory.mktemp("workbook") / "a.xlsx"
    write_book(outcome, path)
    return path


@pytest.fixture(scope="module")
def printed(outcome, book, tmp_path_factory):
    found = {"workbook": read_workbook(book)}
    return found | {name: read(outcome, tmp_path_factory.mktemp(name)) for name, read in READERS.items()}


def same(text, other):
    """Return whether two outputs print the same: paper has a dash where a cell is empty, and may stack columns in one cell."""
    return (
        text == other
        or {text, other} <= {"", "—"}
        or other in text.split("\n")[:1]
        or text in other.split("\n")[:1]
    )


def test_outputs_agree_in_every_cell_that_both_print(printed):
    """Each row of the shorter table stands in the longer one, the same in every header that both have."""
    compared = 0
    for (name, found), (other, beside) in itertools.combinations(printed.items(), 2):
        for title in found.keys() & beside.keys():
            rows, twins = sorted((found[title], beside[title]), key=len)
            for row in rows:
                shared = [header for header in row if header in twins[0] and header != "序号"]
                unlike = [[h for h in shared if not same(row[h], twin[h])] for twin in twins]
                nearest = min(unlike, key=len)
                assert not nearest, (name, other, title, nearest, row)
                compared += len(shared)
    assert compared > 500


def test_every_output_prints_the_sites(outcome, printed):
    """The sites stand in all of them, an unknown cost nowhere as 0, and what qualifies a cost beside it on paper."""
    table = sites_table(outcome)
    for found in printed.values():
        costs = [row["投资估算（万元）"] for row in found[table.title]]
        assert [cost.strip("—") for cost in costs] == [row["cost"] for row in texts(table)]
        assert "0" not in costs
    assert all("边际新增" in found[table.title][0] for found in printed.values())
    # how many of the costs are estimates stands below the table wherever it is printed
    assert any(note.startswith("投资依据：") and "按单位造价测算" in note for note in table.to(1).notes)


def test_two_results_are_compared_in_the_same_words_everywhere(outcome, tmp_path):
    """Page, workbook and console of a comparison print the same cells; its CSV file holds the figures behind them."""
    higher = outcome.flags.assign(shortfall=outcome.flags["shortfall"] * 0.5)
    found = compare(outcome, dataclasses.replace(outcome, name=f"{outcome.name} · 方案", flags=higher))
    write_comparison(found, tmp_path)
    page = tables_of_html((tmp_path / "compare.html").read_text(encoding="utf-8"))
    book = read_workbook(tmp_path / "compare.xlsx")
    for table in overview_tables(found):
        if table.rows:
            assert page[table.title] == [
                {header: row[header] for header in page[table.title][0]} for row in book[table.title]
            ]
    # what is short by nobody knows how much is so in both files
    lines = pd.read_csv(tmp_path / "compare.csv").query("what_compared == 'flag_gap'")
    assert lines["value_change"].isna().sum() == found.gaps["shortfall_change"].isna().sum()


def test_the_console_prints_the_totals_of_content(outcome, printed):
    for table in (circle_totals(outcome), flag_totals(outcome, "community")):
        part = table.to(1).footnoted("caveats", "zh")
        headers = [column.header for column in part.columns]
        assert printed["console"][table.title] == [
            dict(zip(headers, row, strict=True)) for row in part.texts("zh")
        ]


def test_people_off_the_network_and_the_interval_that_they_leave_are_said_in_every_output(
    outcome, book, printed, tmp_path, capsys
):
    said = off_network_notes(outcome)
    off = outcome.circle.query(
        "measure == 'network' and zone_id == 'area/area' and kind == '' and off_network > 0"
    )
    assert len(said) == len(off)
    console.print_result(SimpleNamespace(outcome=outcome), tmp_path)
    data = json.dumps(payload(outcome), ensure_ascii=False)
    papers = pytest.importorskip("geoplan.report.folder.save")
    papers._write_papers(outcome, tmp_path, ("word",), None)
    outputs = {
        "workbook": "\n".join(
            str(cell.value)
            for sheet in openpyxl.load_workbook(book, data_only=True)
            for line in sheet.iter_rows()
            for cell in line
        ),
        "report": html.unescape(report_page(outcome)),
        "console": capsys.readouterr().out,
        "map": data,
        "word": "\n".join(block.text for block in docx.Document(tmp_path / "assessment.docx").paragraphs),
    }
    for name, text in outputs.items():
        flat = re.sub(r"\s", "", text)
        for sentence in said:
            assert re.sub(r"\s", "", sentence.partition("：")[2]) in flat, (name, sentence)
    # and the class of its own is drawn or listed in each of them
    if (outcome.flags["state"] == "mean_met").any():
        for name, text in outputs.items():
            assert "均值达标、覆盖不足" in text + str(printed.get(name)), name
        states = next(view for view in payload(outcome)["views"] if view["subject"] == "flags")
        # five grades, each with its limits, then the three states of who is not flagged
        assert len(states["classes"]) == len(GRADES) + 3 == 8


def test_every_table_of_content_stands_in_the_workbook_as_it_is(outcome, book):
    assert all(cells == texts for cells, texts in cells_and_texts(book, outcome))
    for page in tables(outcome)["workbook"]:
        for part in (page, *page.below):
            headers = [column.header for column in part.to(3).columns]
            assert len(set(headers)) == len(headers), f"{part.title}: two columns of one header"


#: Columns of the map's cards that the table of provision has too.
ON_CARDS = ("reachable", "located", "required", "in_circle_part", "below", "shortfall", "nearest_facility")


def test_the_map_says_what_the_tables_say(outcome):
    data = payload(outcome)
    ids = data["zones"]["id"]
    totals = {row["rule_id"]: row for row in texts(flag_totals(outcome, "community"))}
    cards = {(row["rule_id"], row["zone_code"]): row for row in texts(provision(outcome))}
    compared = 0
    views = [v for v in data["views"] if v["subject"] == "flags"]
    # what is for reference only has no figures of communities, stands behind what is a flag, and says what it is
    reference = [view["key"] not in totals for view in views]
    assert reference == sorted(reference)
    assert [view["title"].endswith("（参考）") for view in views] == reference
    assert reference.count(True) == outcome.flags.query("flag_kind == 'reference'")["rule_id"].nunique()
    for view, is_reference in zip(views, reference, strict=True):
        if not is_reference:
            figures_are_those_of(totals[view["key"]], view)
        assert is_reference == (not view["figures"].get("community"))
        for column in view["columns"]:
            for row, zone in enumerate(view["zone"]):
                card = cards.get((view["key"], outcome.zones["code"][ids[zone]]))
                if card is not None and column["key"] in ON_CARDS:
                    about = (view["key"], ids[zone], column["key"])
                    assert packed_text(column, row) == card[column["key"]], about
                    compared += 1
    assert compared > 50


def figures_are_those_of(total, view):
    """Assert that the figures of a view are those that the totals of content print, and that the view says their caveats."""
    figures = [figure["value"] for figure in view["figures"]["community"]]
    keys = ["flag_zones", "people_affected", "mean_met_zones", "gross_shortfall"]
    even = total["mean_met_zones"]
    wanted = [total[key] for key in keys if key != "mean_met_zones" or even not in ("0", "数据不足")]
    assert figures == wanted[: len(figures)]
    for caveat in view["figures"]["community"][0]["caveats"]:
        assert caveat in view["notes"]


#: Fields of zones in layers that CSV files hold too, and of which file not.
SUMS = ("people", "covered", "outside", "share", "reachable_low", "reachable_high", "required")
IN_LAYERS = (*SUMS, "nearest_facility")
OTHERS = {("provision", "people"), ("provision", "nearest_facility")}


def test_layers_hold_what_the_csv_files_hold(outcome, tmp_path):
    write_layers(outcome, tmp_path / "a.gpkg")
    write_files(outcome, tmp_path)
    layer = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="zones_community", read_geometry=False)
    layer = layer.set_index("zone_code")
    compared = 0
    for name, about in (("circle", "service"), ("provision", "rule_id")):
        table = pd.read_csv(tmp_path / f"{name}.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False)
        table = table[table["level"] == "community"]
        for _, line in table[table["part"] == ""].iterrows() if "part" in table else table.iterrows():
            for key in (key for key in IN_LAYERS if key in line and (name, key) not in OTHERS):
                field = field_name(line[about], key)
                if field not in layer.columns:
                    continue
                value = layer.loc[line["zone_code"], field]
                compared += 1
                # layers hold no infinity
                if line[key] in ("", "INF"):
                    assert pd.isna(value)
                else:
                    text = key == "nearest_facility"
                    assert value == (line[key] if text else pytest.approx(float(line[key]), abs=1e-6))
    assert compared > 100


#: Columns that say what a row is about.
ABOUT = ("rule_id", "zone_code", "service", "part", "member", "facility_id", "name", "question")


def test_tables_of_content_agree_on_what_they_are_about(outcome):
    """Two rows of unlike tables about the same rule, zone, service … have the same figures under the same names."""
    documents = [assessment(outcome), guidance(outcome)]
    found = [
        *itertools.chain(*tables(outcome).values()),
        circle_totals(outcome),
        flag_totals(outcome, "community"),
    ]
    found += [block.table for document in documents for block in document.blocks if isinstance(block, Shown)]
    facts, compared = {}, 0
    for table in found:
        rows = texts(table)
        abouts = [tuple((key, row[key]) for key in ABOUT if row.get(key)) for row in rows]
        for about, row in zip(abouts, rows, strict=True):
            if "zone_code" not in dict(about) or abouts.count(about) > 1:
                continue
            # where a column names the zone of each row, that of the row's own level is empty
            own = {level for level in LEVELS if "zone" in row and not row.get(level)}
            for key in row.keys() - set(ABOUT) - {"serial", "rank"} - own:
                first, title = facts.setdefault((about, key), (row[key], table.key))
                assert first == row[key], (title, table.key, about, key)
                compared += title != table.key
    assert compared > 100


def test_csv_files_hold_the_cells_and_what_their_codes_mean(outcome, tmp_path):
    write_files(outcome, tmp_path)
    record = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    compared = 0
    for table, resource in zip(tables(outcome)["csv"], record["resources"], strict=True):
        labels = {
            field["name"]: {entry["value"]: entry["label"] for entry in field.get("categories", ())}
            for field in resource["schema"]["fields"]
        }
        with (tmp_path / resource["path"]).open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
        for column in table.columns:
            for cell, line in zip(table.cells(column.key), lines, strict=True):
                assert_holds(line, column, cell, labels.get(column.key, {}))
                compared += 1
    assert compared > 1000


def assert_holds(line, column, cell, labels):
    """Assert that the fields of a cell in a line of a CSV file say what the cell says."""
    key = column.key
    cell = cell.value if isinstance(cell, Computed) else cell
    if isinstance(cell, Amount):
        ends = {f"{key}_low": cell.low, f"{key}_high": cell.high} if column.interval else {key: cell.low}
        assert {name: float(line[name]) for name in ends} == pytest.approx(ends, abs=1e-6)
    elif isinstance(cell, Tally):
        found = [line[name] for name in (key, f"{key}_judged", f"{key}_no_data")]
        # where nothing was judged there is no count, and none is no 0
        assert found == [str(cell.count) if cell.judged else "", str(cell.judged), str(cell.no_data)]
    elif cell is None or column.format in FORMATS:  # no number, whatever word stands there
        assert {line[name] for name in field_names(column)} == {""}
    else:
        items = cell.items if isinstance(cell, Listed) else (cell,)
        codes = [item.code if isinstance(item, Coded) else item for item in items]
        assert line[key].removeprefix("'") == ";".join(codes)
        assert all(labels[item.code] == item.text("zh") for item in items if isinstance(item, Coded))
