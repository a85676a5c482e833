"""The printed report: what is short first, figures equal to the tables, one file, nothing fetched, names as text."""

import dataclasses
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pandas as pd
import pytest

from geoplan.report import look
from geoplan.report.booklet import circle as page_circle
from geoplan.report.booklet import flags as page_flags
from geoplan.report.booklet import sources as page_sources
from geoplan.report.booklet.map import flag_map, shapes
from geoplan.report.booklet.page import report_page, write_report


class Text(HTMLParser):
    """The page's words, and its tags."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.words, self.tags = [], []
        self.feed(page)
        self.text = "\n".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())


@pytest.fixture(scope="module")
def page(outcome):
    return Text(report_page(outcome))


def test_the_same_outcome_gives_the_same_bytes(by_hand, outcome, tmp_path):
    write_report(outcome, tmp_path / "a.html")
    write_report(by_hand.make_outcome(), tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_nothing_is_fetched_and_nothing_runs(outcome):
    text = report_page(outcome)
    page = Text(text)
    assert "default-src 'none'" in text
    assert [tag for tag, _ in page.tags if tag in {"script", "link", "img", "iframe"}] == []
    assert [a for _, a in page.tags if "src" in a or not a.get("href", "#").startswith("#")] == []
    assert re.findall(r"https?://", text) == []
    assert re.findall(r"url\((?!#)", text) == []


def test_it_says_what_is_short_before_how_it_was_found(page):
    order = [
        page.text.index(look.label(word, "zh"))
        for word in ("page_short", "page_key", "page_worst", "page_how", "page_sources")
    ]
    assert order == sorted(order)


def test_title_basis_and_banner_stand_at_the_head_and_in_the_foot_of_every_page(outcome, page):
    assert page.words.count("演示数据，不作为决策依据") == 2
    assert outcome.name in page.words
    assert look.basis_line(outcome) in page.words
    real = Text(report_page(dataclasses.replace(outcome, synthetic=False)))
    assert "演示数据" not in real.text


def test_key_figures_equal_the_tables(outcome):
    figures = {figure["label"]: figure["value"] for figure in page_flags.key_figures(outcome, "community")}
    rows = outcome.circle[(outcome.circle["zone_id"] == "area/area") & (outcome.circle["kind"] == "")]
    rows = rows[rows["measure"] == "network"].set_index("service")
    assert figures["养老服务 · 人口覆盖率"] == look.share(rows["share"]["eldercare"]) == "54.0%"
    assert figures["托育服务 · 服务圈外人口"] == look.whole(rows["outside"]["childcare"]) == "70"
    flagged = outcome.flags[
        outcome.flags["zone_id"].str.startswith("community") & outcome.flags["flagged"].fillna(False)
    ]
    assert figures["短板 · 社区（村）"] == f"{flagged['zone_id'].nunique()} / 12"
    assert figures["未达标 · 评价结论"] == "2 / 3"


def test_where_nothing_is_judged_no_verdicts_are_counted(outcome):
    less = dataclasses.replace(outcome, findings=outcome.findings.iloc[:0])
    assert "未达标 · 评价结论" not in [
        figure["label"] for figure in page_flags.key_figures(less, "community")
    ]


def test_metres_of_street_are_not_called_people(outcome):
    streets = {name: dataclasses.replace(entry, group="street_m") for name, entry in outcome.services.items()}
    less = dataclasses.replace(outcome, services=streets, circle=outcome.circle.assign(group="street_m"))
    assert "养老服务 · 街道长度覆盖率" in [
        figure["label"] for figure in page_flags.key_figures(less, "community")
    ]
    assert "1,986 米" in page_flags.lead(less, "community")[0]


def test_flags_by_place_add_up_to_the_last_row(outcome, by_hand):
    (table,) = page_flags.by_place(outcome, "community")
    assert [row["name"] for row in table["rows"]] == ["东城区", "西城区", "合计"]
    place = table["heads"].index("每千名老人养老床位")
    cells = [tuple(map(int, row["cells"][place]["text"].split(" / "))) for row in table["rows"]]
    assert cells[2] == tuple(map(sum, zip(cells[0], cells[1], strict=True)))
    own = outcome.flags[
        (outcome.flags["rule_id"] == by_hand.BEDS) & outcome.flags["zone_id"].str.startswith("community")
    ]
    assert cells[2] == (int(own["flagged"].sum()), int(own["flagged"].notna().sum()))


def test_the_worst_come_first_and_carry_the_tables_figures(outcome):
    rows = page_flags.worst(outcome, "community")
    people = [int(row["people"].replace(",", "")) for row in rows]
    assert people == sorted(people, reverse=True)
    assert len(rows) == page_flags.WORST
    own = outcome.flags[
        outcome.flags["zone_id"].str.startswith("community") & outcome.flags["flagged"].fillna(False)
    ]
    assert rows[0]["people"] == look.whole(own["people_affected"].max())


def test_an_indicator_without_data_says_what_is_missing(outcome, by_hand):
    row = next(r for r in page_flags.indicators(outcome) if r["name"] == "每千名老人养老床位")
    assert (row["verdict_label"], row["actual"], row["note"]) == ("数据不足", "≥ 27.1", "1 行台账床位数不明")


def test_an_indicator_judged_by_district_counts_and_names_those_that_miss_it(outcome, by_hand):
    found = outcome.findings
    row = found[found["rule_id"] == by_hand.PLACES]
    both = [
        row.assign(zone_id="district/D1"),
        row.assign(zone_id="district/D2", verdict="met", shortfall=float("nan")),
    ]
    several = dataclasses.replace(outcome, findings=pd.concat(both, ignore_index=True))
    (line,) = page_flags.indicators(several)
    assert (line["verdict"], line["verdict_label"], line["short"]) == ("not_met", "1 / 2 达标", "8 个托位")
    assert "东城区" in line["note"]
    assert "西城区" not in line["note"]


def test_net_and_gross_shortfalls_stand_beside_each_other(outcome):
    first = page_flags.gaps(outcome)[0]
    assert (first["net"], first["gross"], first["unit"], first["people"]) == ("8", "31", "个托位", "1,778")


def test_three_bases_and_three_measures_and_what_the_choice_does(outcome, page):
    rows = page_circle.table(outcome)
    assert [row["measure"] for row in rows[:3]] == [
        "路网步行距离，4 km/h，15分钟", "体弱老人步速，0.76 m/s，15分钟", "服务半径（直线），1,000 m",
    ]  # fmt: skip
    assert [row["land"] for row in rows] == ["—"] * 6
    note = page_circle.notes(outcome)[0]
    own = outcome.circle[
        (outcome.circle["service"] == "eldercare") & (outcome.circle["zone_id"] == "area/area")
    ]
    covered = own[own["kind"] == ""].set_index("measure")["covered"]
    assert f"相差 {look.whole(covered['network'] - covered['frail'])} 人" in note
    assert f"多 {look.whole(covered['straight'] - covered['network'])} 人" in note
    assert note in page.words


def test_land_is_a_base_where_it_is_given(outcome):
    land = outcome.circle.assign(land_m2=200.0, land_covered_m2=50.0)
    given_land = dataclasses.replace(outcome, circle=land)
    assert {row["land"] for row in page_circle.table(given_land)} == {"25.0%"}
    assert look.label("page_no_land", "zh") not in page_circle.notes(given_land)


def test_rural_parts_are_reported_apart(outcome):
    circle = outcome.circle.copy()
    part = circle["kind"] == "urban"
    circle.loc[part, "people"] /= 2
    rows = page_circle.table(dataclasses.replace(outcome, circle=circle))
    assert [row["part"] for row in rows] == [""] * 6 + ["城镇部分"] * 6


def test_registers_are_reconciled_in_rows_beds_and_places(outcome):
    lines = page_sources.reconciliation(outcome)
    assert [(line["what"], line["placed"]) for line in lines] == [
        ("设施（行）", "80.0%"), ("养老床位", "100.0%"), ("设施（行）", "75.0%"), ("托位", "78.3%"),
    ]  # fmt: skip
    assert lines[0]["cells"] == ["6", "1", "0", "1", "4"]


def test_warnings_are_counted_by_kind_worst_first(outcome):
    many = pd.concat([outcome.warnings] * 3, ignore_index=True)
    lines = page_sources.warnings(dataclasses.replace(outcome, warnings=many))["lines"]
    assert [line["count"] for line in lines] == ["3", "3", "3"]
    assert [line["severity"] for line in lines] == ["warning", "warning", "info"]


def test_every_polygon_is_drawn_once_and_used_in_every_map(outcome):
    definitions, height = shapes(outcome.zones, "community")
    assert re.findall(r'id="(z\d+)"', definitions) == [f"z{k}" for k in range(12)]
    assert height == pytest.approx(450)
    flags = {"community/C01": True, "community/C02": False}
    drawn = flag_map(outcome.zones, "community", flags, height)
    assert re.findall(r'href="#z\d+" class="(\w)"', drawn) == ["f", "o", *["n"] * 10]


def test_names_are_text(by_hand, nasty):
    text = report_page(nasty)
    assert by_hand.NASTY not in text
    assert "<img" not in text
    assert "</script" not in text
    assert nasty.name in Text(text).words
    assert nasty.zones["name"].iloc[-1] in Text(text).text


def test_english_has_no_chinese_but_names(outcome, by_hand):
    english = Text(report_page(by_hand.make_outcome(lang="en")))
    assert "What is short, and where" in english.words
    assert "Demonstration data, not a basis for decisions" in english.words
    assert "Places for under-threes per 1,000 residents" in english.words


@pytest.mark.parametrize(
    "empty",
    [
        "flags",
        "findings",
        "circle",
        "unplaced",
        "warnings",
        "reconciliation",
        "not_assessed",
        "parameters",
        "reported",
    ],
)
def test_a_study_without_some_table_still_has_a_report(outcome, empty):
    less = dataclasses.replace(outcome, **{empty: getattr(outcome, empty).iloc[:0]})
    assert outcome.name in Text(report_page(less)).words


CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")
def test_every_printed_page_carries_banner_and_basis(outcome, tmp_path):
    write_report(outcome, tmp_path / "report.html")
    subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer",
            f"--print-to-pdf={tmp_path / 'report.pdf'}", (tmp_path / "report.html").as_uri(),
        ],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    text = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(tmp_path / "report.pdf"), "-"],
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout
    sheets = text.split("\f")[:-1]
    assert len(sheets) >= 3
    assert all("演示数据，不作为决策依据" in sheet for sheet in sheets)
    assert all("人口口径" in sheet for sheet in sheets)
