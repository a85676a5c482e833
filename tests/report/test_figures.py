"""Figures of one delivery of the demo, read back from its files: each is the same in every file that states it.

`test_same_everywhere` compares whole tables where two outputs print the same one. Here stand single figures, by their sort, as the
reader of one file finds them: in a CSV field, a cell of a workbook, a sentence of a paper, the data of the map, an attribute of a layer.
A figure that a file holds unrounded is first printed as every output prints it.
"""

import csv
import json
import re
import shutil
import subprocess
from collections import Counter, defaultdict

import docx
import pandas as pd
import pyogrio
import pytest
from printed import Page, packed_text, read_word, read_workbook, tables_of_html

from geoplan.report.content.names import field_name
from geoplan.report.content.shortfalls import grade_cell
from geoplan.tables import GRADES
from geoplan.words.labels import label
from geoplan.words.numbers import format_number

SERVICES = {"eldercare": "养老服务", "childcare": "托育服务"}
#: Fields of a circle, what tables call them, and their format.
CIRCLE = {
    "people": ("人数", "count"), "covered": ("圈内人口", "count"), "outside": ("服务圈外人口", "count"),
    "share": ("人口覆盖率（路网内）", "percent"), "minutes": ("步行时间（分钟）", "minutes"),
}  # fmt: skip
#: Fields of a flag in the gap list, what tables call them, and their format.
GAP = {
    "shortfall": ("缺口", "count"), "net_shortfall": ("净缺口", "count"), "people_affected": ("涉及人数", "count"),
}  # fmt: skip
SORTS = {
    "people", "circle of the area", "circle", "flags of a rule", "people affected", "sum of gaps", "flags by kind", "grade", "shortfall",
    "net_shortfall", "people_affected", "finding", "shortfall of a finding", "quota", "communities", "score", "rank", "project", "sum of projects", "site",
}  # fmt: skip


class Figures:
    """(sort, what it is about) -> output -> the figure as it is printed."""

    def __init__(self):
        self.of = defaultdict(dict)

    def add(self, output, sort, about, text):
        """Note a figure; a second one of the same output must be the same."""
        text = text.strip().strip("—")
        told = self.of[sort, *(about if isinstance(about, tuple) else (about,))].setdefault(output, text)
        assert told == text, (output, sort, about, told, text)

    def unlike(self):
        """Return the figures that outputs state in unlike ways."""
        return {key: told for key, told in self.of.items() if len(set(told.values())) > 1}


def number(text, form):
    """Return a number of a file for programs as it is printed; nothing for an empty field."""
    return "" if text in ("", None) or pd.isna(text) else format_number(float(text), form)


def grade_name(code):
    """Return the name of a grade; nothing where a flag has none (a community that lacks what a clause asks)."""
    return grade_cell(code, "zh").text("zh") if code in GRADES else ""


def read_csv(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- readers, one a file (or a kind of file) ------------------------------------------------------------------------


def of_csv(figures, folder):
    for row in read_csv(folder, "circle"):
        if row["level"] in ("area", "town", "community") and not row["part"]:
            for key, (_, form) in CIRCLE.items():
                circle(figures, "csv", row["service"], row["zone_code"], key, number(row[key], form))
    rows = read_csv(folder, "communities")
    figures.add("csv", "communities", "all", str(len(rows)))
    for row in rows:
        figures.add(
            "csv", "flags by kind", row["zone_code"], f"{row['clause_count']} {row['measured_count']}"
        )
    for row in read_csv(folder, "gap_list"):
        if row["flag_kind"] in ("clause", "measured"):
            gap(
                figures,
                "csv",
                row["zone_code"],
                row["indicator"],
                {key: number(row[key], form) for key, (_, form) in GAP.items()},
            )
            figures.add(
                "csv",
                "grade",
                (row["zone_code"], row["indicator"]),
                grade_name(row["grade"]),
            )
    for row in read_csv(folder, "priorities"):
        score, affected = number(row["score"], "decimal"), number(row["net_affected"], "count")
        priority(figures, "csv", (row["rank"], row["community"], counted(row["whom"])), score, affected)
    for row in read_csv(folder, "findings"):
        finding(
            figures,
            "csv",
            row["indicator"],
            row["zone"],
            row["target"],
            label(row["verdict"], "zh"),
            number(row["shortfall"], "count"),
        )
    projects = read_csv(folder, "projects")
    for row in projects:
        project(
            figures, "csv", row["name"], number(row["cost"], "count"), number(row["floor_area_m2"], "count")
        )
    for key in ("cost", "added_beds", "added_places"):
        total = sum(float(row[key] or 0) for row in projects)
        figures.add("csv", "sum of projects", key, format_number(total, "count"))
    for row in read_csv(folder, "sites"):
        site(figures, "csv", row["name"], number(row["marginal"], "count"), number(row["total"], "count"))


def of_workbook(figures, folder):
    book = read_workbook(folder / "gap_list.xlsx")
    area_circles(figures, "workbook", book["15分钟服务圈"])
    for row in book["15分钟服务圈"]:
        if row["层级"] in ("评价范围", "街道（乡镇）", "社区（村）") and not row["城乡"]:
            for key, (header, _) in CIRCLE.items():
                circle(figures, "workbook", of_service(row["服务类别"]), row["区划代码"], key, row[header])
    figures.add("workbook", "communities", "all", str(len(book["短板社区清单"])))
    for row in book["短板社区清单"]:
        kinds = (
            row[header].split(" / ")[0]
            for header in ("条文短板项数 / 已判定项数", "测算短板项数 / 已测算项数")
        )
        figures.add("workbook", "flags by kind", row["区划代码"], " ".join(kinds))
    for row in book["缺口清单"]:
        if row["短板类别"] in ("条文短板", "测算短板"):
            gap(
                figures,
                "workbook",
                row["区划代码"],
                row["指标名称"],
                {key: row[header] for key, (header, _) in GAP.items()},
            )
            figures.add("workbook", "grade", (row["区划代码"], row["指标名称"]), row["短缺程度"])
    for row in book["优先建设清单"]:
        about = (row["优先次序"], row["社区（村）"], counted(row["计数对象"]))
        priority(figures, "workbook", about, row["评分"], row["涉及人数（按净缺口）"])
    for row in book["主要指标对照表"]:
        finding(
            figures, "workbook", row["指标名称"], row["评价单元"], row["目标值"], row["评价结论"], row["缺口"]
        )
    groups(figures, "workbook", book["服务人群与统计口径"])
    for row in book["项目库"]:
        project(figures, "workbook", row["名称"], row["投资估算（万元）"], row["建筑面积（平方米）"])
    for row in book["选址方案"]:
        site(figures, "workbook", row["名称"], row["边际新增"], row["累计值"])


def of_report(figures, folder):
    page = tables_of_html((folder / "report.html").read_text(encoding="utf-8"))
    groups(figures, "report", page["服务人群与统计口径"])
    area_circles(figures, "report", page["15分钟服务圈"])
    for row in page["15分钟服务圈"]:
        if not row.get("城乡"):
            figures.add("report", "communities", "all", row["覆盖社区数 / 社区数"].split(" / ")[1])
    for row in page["主要指标对照表"]:
        name = row["指标名称"].split("\n")[0]
        finding(figures, "report", name, row["评价单元"], row["目标值"], row["评价结论"], row["缺口"])
    *_, total = page["短板社区分布"]
    for rule, tally in total.items():
        if tally != "合计":
            figures.add("report", "flags of a rule", plain(rule), tally)
    for row in page["选址方案"]:
        site(figures, "report", row["名称"].split("\n")[0], row["边际新增"], row["累计值"])


def of_assessment(figures, folder):
    paper = read_word(folder / "assessment.docx")
    *_, total = paper["各街道（乡镇）评价单元与服务人群"]
    figures.add("assessment", "communities", "all", total["社区（村）数（个）"])
    for group in ("常住人口", "60岁及以上老年人口", "3岁以下婴幼儿", "户数"):
        figures.add("assessment", "people", group, total[group])
    area_circles(
        figures,
        "assessment",
        [row for row in paper["各街道（乡镇）服务圈覆盖情况"] if row["评价单元"] == "呼中区示例城镇（演示）"],
    )
    for row in paper["主要指标对照表"]:
        finding(
            figures,
            "assessment",
            row["指标名称"],
            row["评价单元"],
            row["目标值"],
            row["评价结论"],
            row["缺口"],
        )
    for row in paper["社区（村）短板与缺口合计"]:
        rule = plain(row["指标名称"])
        figures.add("assessment", "flags of a rule", rule, row["短板单元 / 已判定单元"])
        figures.add("assessment", "people affected", rule, row["涉及人数"])
        if row["计量单位"] != "人":
            figures.add("assessment", "sum of gaps", rule, row["缺口合计（不抵扣富余）"])
        graded = dict(part.rsplit(" ", 1) for part in row["短缺程度分布"].split("、"))
        figures.add(
            "assessment",
            "grade",
            ("how many", rule),
            " ".join(graded.get(grade_name(grade), "0") for grade in GRADES),
        )
    for row in paper["选址方案"]:
        site(figures, "assessment", row["名称"], row["边际新增"], row["累计值"])

    said = "\n".join(block.text for block in docx.Document(folder / "assessment.docx").paragraphs)
    for service, name in SERVICES.items():
        told = re.search(rf"{name}方面，[^。]*?的([\d.]+%)，圈内([\d,]+)人、圈外([\d,]+)人", said).groups()
        for key, text in zip(("share", "covered", "outside"), told, strict=True):
            circle(figures, "assessment", service, "area", key, text)
    told = re.search(
        r"新增床位（张）合计 ([\d,]+)，新增托位（个）合计 ([\d,]+)，投资估算（万元）合计 ([\d,]+)", said
    )
    for key, text in zip(("added_beds", "added_places", "cost"), told.groups(), strict=True):
        figures.add("assessment", "sum of projects", key, text)


def of_meeting(figures, folder):
    path = folder / "meeting.docx"
    first = next(rows for title, rows in read_word(path).items() if title.startswith("优先建设清单"))
    for row in first:
        # of a short list only those stand here that are counted in people
        about = (row["优先次序"], row["社区（村）"].split("\n")[0], "人")
        priority(figures, "meeting", about, None, row["涉及人数（按净缺口）"])
    said = "\n".join(block.text for block in docx.Document(path).paragraphs)
    for service, name in SERVICES.items():
        share, outside = re.search(rf"{name}圈内[^。；]*?覆盖率([\d.]+%)，圈外([\d,]+)人", said).groups()
        circle(figures, "meeting", service, "area", "share", share)
        circle(figures, "meeting", service, "area", "outside", outside)
    figures.add("meeting", "communities", "all", re.search(r"条文短板社区（村）\d+ / (\d+)", said).group(1))
    for rule in (
        "每千人口拥有3岁以下婴幼儿托位数",
        "15分钟托育服务圈（全部设施，项目设定）",
        "15分钟养老服务圈",
    ):
        figures.add(
            "meeting", "flags of a rule", rule, re.search(rf"{re.escape(rule)}短板(\d+ / \d+)", said).group(1)
        )
    figures.add("meeting", "sum of projects", "cost", re.search(r"个项目总投资([\d,]+)万元", said).group(1))


def of_guidance(figures, folder):
    paper = read_word(folder / "town_guidance.docx")
    for title, rows in paper.items():
        for row in rows:
            if "优先建设清单" in title:
                # rooms are counted in households
                about = (row["优先次序"], row["社区（村）"], "户" if "平方米" in row["建议措施"] else "人")
                priority(figures, "guidance", about, None, row["涉及人数（按净缺口）"])
            if title.endswith("规划点位"):
                figures.add("guidance", "site", (row["名称"], "marginal"), row["边际新增"])
    said = "\n".join(block.text for block in docx.Document(folder / "town_guidance.docx").paragraphs)
    codes = {row["zone"]: row["zone_code"] for row in read_csv(folder, "circle") if row["level"] == "town"}
    circles = r"养老服务圈覆盖\S+?的([\d.]+%)，圈外([\d,]+)人，托育服务圈覆盖\S+?的([\d.]+%)，圈外([\d,]+)人"
    towns = re.findall(rf"^(\S+)有社区.*?{circles}", said, re.MULTILINE)
    assert len(towns) == len(codes)
    for town, *told in towns:
        for place, service in enumerate(SERVICES):
            circle(figures, "guidance", service, codes[town], "share", told[2 * place])
            circle(figures, "guidance", service, codes[town], "outside", told[2 * place + 1])
    counts = re.findall(r"有社区（村）(\d+)个，常住人口([\d,]+)人", said)
    figures.add("guidance", "communities", "all", str(sum(int(count) for count, _ in counts)))
    figures.add(
        "guidance", "people", "常住人口", f"{sum(int(people.replace(',', '')) for _, people in counts):,}"
    )


def of_map(figures, folder):
    data = json.loads(Page((folder / "map.html").read_text(encoding="utf-8")).scripts["geoplan-data"])
    zones, codes = data["zones"], [zone.partition("/")[2] for zone in data["zones"]["id"]]
    level = {entry["id"]: place for place, entry in enumerate(data["levels"])}
    figures.add("map", "communities", "all", str(data["levels"][level["community"]]["zones"]))
    for view in data["views"]:
        told = view["figures"].get("community") or []
        if view["subject"] == "flags" and told:
            rule = plain(view["title"])
            figures.add("map", "flags of a rule", rule, told[0]["value"])
            figures.add("map", "people affected", rule, told[1]["value"])
            for figure in told[2:]:
                if figure["name"].startswith("缺口合计"):
                    figures.add("map", "sum of gaps", rule, figure["value"])
    rules = data["rules"]
    columns = {column["header"]: column for column in rules["columns"]}
    for row, zone in enumerate(rules["zone"]):
        if zones["level"][zone] != level["community"]:
            continue
        cells = {header: packed_text(column, row) for header, column in columns.items()}
        # a rule that does not flag it has no gap
        if cells["净缺口"]:
            gap(
                figures,
                "map",
                codes[zone],
                cells["指标名称"],
                {key: cells[GAP[key][0]] for key in ("shortfall", "net_shortfall")},
            )
            grade(figures, "map", codes[zone], cells["指标名称"], cells["结论"])
    for zone, head in enumerate(rules["heads"]):
        if zones["level"][zone] == level["community"]:
            kinds = (re.search(rf"{kind} (\d+) 项", head or "") for kind in ("条文短板", "测算短板"))
            figures.add(
                "map",
                "flags by kind",
                codes[zone],
                " ".join(found.group(1) if found else "0" for found in kinds),
            )


def of_layers(figures, folder):
    layer = pyogrio.read_dataframe(folder / "coverage.gpkg", layer="zones_community", read_geometry=False)
    figures.add("layers", "communities", "all", str(len(layer)))
    names = {row["rule_id"]: row["indicator"] for row in read_csv(folder, "provision")}
    for row in layer.to_dict("records"):
        code = row["zone_code"]
        figures.add("layers", "flags by kind", code, f"{row['clause_count']} {row['measured_count']}")
        for service in SERVICES:
            for key, (_, form) in CIRCLE.items():
                circle(figures, "layers", service, code, key, number(row[f"{service}_{key}"], form))
        for rule, name in names.items():
            if row.get(field_name(rule, "flag")) == "flagged":
                told = {
                    "shortfall": number(row[field_name(rule, "short")], "count"),
                    "people_affected": number(row[field_name(rule, "people_affected")], "count"),
                }
                gap(figures, "layers", code, name, told)
                figures.add("layers", "grade", (code, name), row[field_name(rule, "grade_label")])
    sites_layer = pyogrio.read_dataframe(folder / "coverage.gpkg", layer="sites", read_geometry=False)
    for row in sites_layer[sites_layer["adopted"] == "yes"].to_dict("records"):
        site(figures, "layers", row["name"], number(row["marginal"], "count"), number(row["total"], "count"))
    projects = pyogrio.read_dataframe(folder / "coverage.gpkg", layer="projects", read_geometry=False)
    for row in projects.to_dict("records"):
        project(
            figures,
            "layers",
            row["name"],
            number(row["cost"], "count"),
            number(row["floor_area_m2"], "count"),
        )


def of_cards(figures, folder):
    codes = set()
    for file in sorted((folder / "communities").glob("*.html")):
        for page in file.read_text(encoding="utf-8").split('<article class="page">')[1:]:
            code = re.search(r"代码 (\w+)", page).group(1)
            codes.add(code)
            # cells without end tags, and widths of columns
            closed = re.sub(
                r"(<t[hd]\b[^>]*>)((?:[^<]|<br>)*)",
                r"\1\2</td>",
                re.sub(r"<col [^>]*>|</?t(?:head|body)>", "", page),
            )
            tables = tables_of_html(closed)
            for row in tables["15分钟服务圈"]:
                for key, (header, _) in CIRCLE.items():
                    circle(figures, "cards", of_service(row["服务类别"]), code, key, row[header])
            kinds = Counter()
            for row in tables["指标与短板"]:
                if row["净缺口"]:
                    affected = row["涉及人数 / 对象总数"].split(" / ")[0]
                    gap(
                        figures,
                        "cards",
                        code,
                        row["指标名称"],
                        {
                            "shortfall": row["缺口"],
                            "net_shortfall": row["净缺口"],
                            "people_affected": affected,
                        },
                    )
                    grade(figures, "cards", code, row["指标名称"], row["短缺程度"])
                    kinds[row["短板类别"]] += 1
            figures.add("cards", "flags by kind", code, f"{kinds['条文短板']} {kinds['测算短板']}")
    figures.add("cards", "communities", "all", str(len(codes)))


def of_manifest(figures, folder):
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    figures.add("run.json", "communities", "all", str(record["counts"]["zones"]["community"]))
    for group in record["groups"].values():
        figures.add("run.json", "people", group["label"], number(group["total"], "count"))
    for row in record["circle"]:
        if (
            row["measure"] == "network"
            and not row["kind"]
            and row["zone_id"].partition("/")[0] in ("area", "town", "community")
        ):
            for key, (_, form) in CIRCLE.items():
                value = row["median_minutes" if key == "minutes" else key]
                circle(
                    figures,
                    "run.json",
                    row["service"],
                    row["zone_id"].partition("/")[2],
                    key,
                    number(value, form),
                )
    known = {
        (row["rule_id"], row["zone_code"]): (row["indicator"], row["zone"])
        for row in read_csv(folder, "findings")
    }
    for row in record["findings"]:
        name, zone = known[row["rule_id"], row["zone_id"].partition("/")[2]]
        finding(
            figures,
            "run.json",
            name,
            zone,
            row["target_zh"],
            label(row["verdict"], "zh"),
            number(row["shortfall"], "count"),
        )


def pages_of(path):
    """Return the text of each page of a PDF file, its lines as they lie."""
    done = subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout.split("\f")


def indicators_of_atlas(folder):
    """Return of each indicator on the first sheet its name (cut where it is long), target, verdict and shortfall."""
    for line in pages_of(folder / "atlas.pdf")[0].splitlines():
        found = re.search(
            r"\s\d+ (\S+)\s+\S+ ([≥≤＝全]\S+)\s+(?:([\d,]+)\s+(?:[\d,]+\s+)?\S+\s+)?(达标|未达标)\b", line
        )
        if found:
            name, target, shortfall, verdict = found.groups()
            yield name.rstrip("…"), f"{target} {verdict}", shortfall or ""


def of_printed_cards(figures, folder):
    for file in sorted((folder / "communities").glob("*.pdf")):
        for text in pages_of(file):
            if not text.strip():
                continue
            code = re.search(r"代码 (\w+)", text).group(1)
            for service, name in SERVICES.items():
                # the row of the circle: people, inside, outside, off the network, share, minutes
                told = re.search(
                    rf"^\s*{name}\s+([\d,]+)\s+([\d,]+)\s+([\d,]+)\s+[\d,]+\s+([\d.]+%)\s+(\S+)",
                    text,
                    re.MULTILINE,
                )
                for key, value in zip(CIRCLE, told.groups(), strict=True):
                    circle(figures, "printed cards", service, code, key, value)


# --- what one figure is about ---------------------------------------------------------------------------------------


def plain(rule):
    """Return a rule's name without the unit that some outputs set behind it."""
    return re.sub(r"\((?:平方米|个|张|家|%)\)$", "", rule)


def of_service(name):
    return next(service for service, own in SERVICES.items() if own == name)


def circle(figures, output, service, code, key, text):
    figures.add(output, "circle of the area" if code == "area" else "circle", (service, code, key), text)


def area_circles(figures, output, rows):
    for row in rows:
        if row.get("层级", "评价范围") == "评价范围" and not row.get("城乡"):
            for key, (header, _) in CIRCLE.items():
                if header in row:
                    circle(figures, output, of_service(row["服务类别"]), "area", key, row[header])


def groups(figures, output, rows):
    for row in rows:
        figures.add(output, "people", row["服务人群"], row["合计"])


def gap(figures, output, code, rule, told):
    for key, text in told.items():
        figures.add(output, key, (code, rule), text)


def grade(figures, output, code, rule, text):
    """Note a grade; what some outputs say in its place of a community that lacks something (无（不符合）) is none."""
    figures.add(output, "grade", (code, rule), text if text in {grade_name(code) for code in GRADES} else "")


def counted(whom):
    """Return the unit in which a group is counted: what stands in brackets behind its name."""
    return whom.rpartition("（")[2].rstrip("）")


def priority(figures, output, about, score, affected):
    """Note a place of the priority list: `about` is rank, community and unit, for each unit has ranks of its own."""
    figures.add(output, "rank", about, affected)
    if score is not None:
        figures.add(output, "score", about, score)


def finding(figures, output, name, zone, target, verdict, shortfall):
    figures.add(output, "finding", (name, zone), f"{target} {verdict}")
    sort = "quota" if "覆盖率" in name or "达标率" in name else "shortfall of a finding"
    figures.add(output, sort, (name, zone), shortfall)


def project(figures, output, name, cost, area):
    figures.add(output, "project", (name, "cost"), cost)
    figures.add(output, "project", (name, "floor area"), area)


def site(figures, output, name, marginal, total):
    figures.add(output, "site", (name, "marginal"), marginal)
    figures.add(output, "site", (name, "total"), total)


# --- tests ----------------------------------------------------------------------------------------------------------

READERS = {
    "csv": of_csv, "workbook": of_workbook, "report": of_report, "assessment": of_assessment, "meeting": of_meeting, "guidance": of_guidance,
    "map": of_map, "layers": of_layers, "cards": of_cards, "run.json": of_manifest,
}  # fmt: skip


@pytest.fixture(scope="module")
def delivered(deliver, sited_demo, tmp_path_factory):
    """The demo's whole delivery, its siting questions answered."""
    return deliver(
        sited_demo, tmp_path_factory.mktemp("figures"), papers=("word", "atlas", "communities"), formats=()
    )


@pytest.fixture(scope="module")
def figures(delivered):
    found = Figures()
    for read in READERS.values():
        read(found, delivered)
    return found


def test_every_figure_is_the_same_in_every_file_that_states_it(figures):
    assert figures.unlike() == {}


def test_there_are_sixty_of_each_sort_together_and_some_of_every_sort_in_every_file(figures):
    shared = {key: told for key, told in figures.of.items() if len(told) > 1}
    assert len(shared) >= 60
    assert {sort for sort, *_ in shared} == SORTS
    # no sort and no file stands on one or two figures, but where there are no more
    sorts = Counter(sort for sort, *_ in shared)
    assert {sort for sort, count in sorts.items() if count < 3} == {"communities", "sum of gaps"}
    assert {
        output: sum(output in told for told in shared.values()) >= 8 for output in READERS
    } == dict.fromkeys(READERS, True)
    assert len(figures.of["communities", "all"]) == len(READERS)
    # nothing is compared with nothing only
    assert sum(any(told.values()) for told in shared.values()) >= 200


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")
class TestPdf:
    def test_the_circles_of_printed_pages_are_those_of_the_other_files(self, figures, delivered):
        printed = Figures()
        of_printed_cards(printed, delivered)
        assert len(printed.of) == 10 * len(SERVICES) * len(CIRCLE)
        for about, told in printed.of.items():
            assert set(figures.of[about].values()) == set(told.values()), about

    def test_the_indicators_of_the_atlas_are_those_of_the_other_files(self, figures, delivered):
        compared = 0
        for name, told, shortfall in indicators_of_atlas(delivered):
            # an indicator of several zones stands there once, by the worst of them
            zones = [about for about in figures.of if about[0] == "finding" and about[1].startswith(name)]
            known = {
                (text, figures.of[sort, *about[1:]]["csv"])
                for about in zones
                for text in figures.of[about].values()
                for sort in ("quota", "shortfall of a finding")
                if (sort, *about[1:]) in figures.of
            }
            assert (told, shortfall) in known, (name, told, shortfall, known)
            compared += 1
        assert compared >= 10
