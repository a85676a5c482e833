"""``geoplan demo`` as a planner types it: every output, the plan's figures, and what the folder keeps."""

import hashlib
import json
import re
from importlib import resources

import openpyxl
import pandas as pd
import pyogrio
import pytest
import rasterio
import yaml

import geoplan.report.folder.save
from geoplan.cli.demo import demo_study
from geoplan.words.errors import OutputError
from geoplan.words.progress import STAGES, stage_name

FILES = {
    "assessment.docx", "catchments.csv", "circle.csv", "communities.csv", "coverage.gpkg", "coverage.qgs", "datapackage.json", "estate_steps.csv", "facility_findings.csv",
    "findings.csv", "gap_list.csv", "gap_list.xlsx", "map.html", "mean_met.csv", "meeting.docx", "members.csv", "minutes_childcare.tif",
    "minutes_eldercare.tif", "priorities.csv", "project_progress.csv", "projects.csv", "provision.csv", "report.html", "run.json", "run.log",
    "served.csv", "support.csv", "tasks.csv", "tiers.csv", "town_guidance.docx", "towns.csv", "unplaced.csv", "warnings.csv",
}  # fmt: skip
PLACES = "huzhong.places_per_1000_residents"
CJK = re.compile(r"[\u3400-\u9fff]")


def rows(path):
    """Return a CSV as a table."""
    return pd.read_csv(path, encoding="utf-8-sig")


class TestWhatARunLeaves:
    def test_every_output_is_there_once_in_its_run_and_once_under_its_fixed_name(self, demo_run):
        inside = {path.name for path in demo_run.folder.iterdir()}
        assert inside == FILES | {"outcome"}  # the tables as they stood, for comparing
        assert {path.name for path in demo_run.out.iterdir()} == FILES | {"latest.json", "runs", ".publish.lock"}  # fmt: skip
        for name in FILES:
            assert (demo_run.out / name).read_bytes() == (demo_run.folder / name).read_bytes(), name

    def test_latest_names_the_run(self, demo_run):
        latest, name = json.loads((demo_run.out / "latest.json").read_text("utf-8")), demo_run.folder.name
        assert latest == {"format": 1, "run": name, "folder": f"runs/{name}", "files": sorted(FILES)}

    def test_the_manifest_holds_the_checksum_of_every_other_output_and_every_input(self, demo_run):
        record = json.loads((demo_run.folder / "run.json").read_text(encoding="utf-8"))
        listed = {entry["file"]: entry["sha256"] for entry in record["files"]}
        assert set(listed) == FILES - {"run.json", "run.log"}
        for name, checksum in listed.items():
            assert hashlib.sha256((demo_run.folder / name).read_bytes()).hexdigest() == checksum, name
        named = {source["file"] for source in record["sources"]}
        assert {"streets.osm", "population.tif", "huzhong_eldercare_register.xlsx", "local_rules.yaml"} <= named  # fmt: skip
        assert "huzhong_projects.xlsx" in named
        assert len(record["sources"]) == 11

    def test_every_output_opens(self, demo_run):
        sheets = set(openpyxl.load_workbook(demo_run.folder / "gap_list.xlsx").sheetnames)
        assert sheets >= {"短板社区清单", "主要指标对照表", "缺口清单", "待落点清单", "数据问题清单", "数据来源与参数"}  # fmt: skip
        layers = {name for name, _ in pyogrio.list_layers(demo_run.folder / "coverage.gpkg")}
        assert {"zones_community", "zones_estate", "facilities", "isochrones", "snaps", "layer_styles"} <= layers  # fmt: skip
        for service in ("eldercare", "childcare"):
            with rasterio.open(demo_run.folder / f"minutes_{service}.tif") as raster:
                minutes = raster.read(1, masked=True)
                assert 0 <= minutes.min() < 5 < minutes.max() <= 60
        for page in ("map.html", "report.html"):
            text = (demo_run.folder / page).read_text(encoding="utf-8")
            assert text.lstrip().lower().startswith("<!doctype html>")
            assert "演示数据，不作为决策依据" in text
            assert "北秀社区" in text

    def test_what_people_can_walk_to_stands_beside_what_is_located(self, demo_run):
        table = rows(demo_run.folder / "findings.csv").set_index("rule_id")
        assert table.loc[PLACES, ["finding_note", "shortfall"]].tolist() == ["居民步行可达 1.67", 34]

    def test_the_log_says_every_stage_and_every_remark(self, demo_run):
        log = (demo_run.folder / "run.log").read_text(encoding="utf-8")
        assert "指标评价" in log
        for code in json.loads((demo_run.folder / "run.json").read_text(encoding="utf-8"))["warnings"]:
            assert f" {code} " in log

    def test_the_console_says_what_was_found_and_where_it_is(self, demo_run):
        assert "演示数据，不作为决策依据" in demo_run.said
        assert "15分钟养老服务" in demo_run.said  # a narrow column breaks the name
        assert str(demo_run.folder) in demo_run.said.replace("\n", "")
        for key in STAGES:  # a line a stage, with its seconds
            if key in ("exports", "candidates", "siting", "judged"):
                continue  # the demo asks for no exports; siting is a command of its own
            line = rf"^  {stage_name(key, 'zh')}  \d+\.\d s$"
            assert re.search(line, demo_run.said, flags=re.MULTILINE), key


class TestThePlansFigures:
    def test_people_beds_and_places(self, demo):
        totals = demo.outcome.groups["total"]
        assert totals["residents"] == pytest.approx(12_000, abs=1e-6)
        assert totals["elders_60"] == pytest.approx(3_164, abs=1e-6)
        offers = demo.facilities["services"].map(lambda kinds: "elder_home" in kinds)
        homes = demo.facilities.index[offers & (demo.facilities["status"] == "existing")]
        amounts = demo.outcome.supplies
        held = amounts[amounts["facility_id"].isin(homes)].groupby("supply")[["low", "high"]].sum()
        assert held.loc["beds"].tolist() == [22, 22]
        assert held.loc["nursing_beds"].tolist() == [8, 8]


@pytest.fixture(scope="module")
def words_of_the_data():
    """Return every Chinese word of the inputs: the study's entries, layers, registers, and the plan's own citations."""
    study, shipped = demo_study(), resources.files("geoplan") / "standards" / "packs" / "huzhong.yaml"
    told = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (study, study.parent / "local_rules.yaml", shipped)
    ]
    data = study.parents[2] / "data"
    layers = [path.read_text(encoding="utf-8") for path in sorted((data / "boundaries").glob("*.geojson"))]
    books = ("huzhong_eldercare_register.xlsx", "huzhong_projects.xlsx", "huzhong_premises.xlsx")
    pages = [openpyxl.load_workbook(data / "facilities" / name).active for name in books]
    cells = [str(cell) for page in pages for row in page.iter_rows(values_only=True) for cell in row]
    register = (data / "facilities" / "huzhong_childcare_register_gb18030.csv").read_text(encoding="gb18030")
    return "\n".join([*map(str, told), *layers, *cells, register])


class TestTwoLanguages:
    def test_headers_and_labels_are_english(self, demo, english):
        out, said = english
        assert "Demonstration data, not a basis for decisions" in said
        book = openpyxl.load_workbook(out / "gap_list.xlsx")
        towns = demo.zones.loc[demo.zones["level"] == "town", "name"]  # sheets of towns bear their names
        assert not CJK.search(re.sub("|".join(towns), "", " ".join(book.sheetnames)))
        for page in book:
            headers = [row for row in page.iter_rows(values_only=True) if row[0] == "No."]
            for header in headers:
                assert not CJK.search(" ".join(map(str, header))), page.title
        for path in out.glob("*.csv"):
            assert not CJK.search(" ".join(rows(path).columns)), path.name
        layers = pyogrio.list_layers(out / "coverage.gpkg")[:, 0]
        fields = [pyogrio.read_info(out / "coverage.gpkg", layer=name)["fields"] for name in layers]
        assert not CJK.search(" ".join([*layers, *(field for each in fields for field in each)]))

    def test_all_other_chinese_is_from_the_data(self, english, words_of_the_data):
        out, _ = english
        book = openpyxl.load_workbook(out / "gap_list.xlsx")
        cells = [str(cell) for page in book for row in page.values for cell in row if cell]
        cells += [path.read_text(encoding="utf-8-sig") for path in out.glob("*.csv")]
        cells.append((out / "datapackage.json").read_text(encoding="utf-8"))
        tags = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", flags=re.DOTALL)
        pages = [tags.sub("\n", (out / name).read_text("utf-8")) for name in ("report.html", "map.html")]
        runs = {run for text in [*cells, *pages] for run in re.findall(r"[\u3400-\u9fff]+", text)}
        assert "向阳社区" in runs
        assert {run for run in runs if run not in words_of_the_data} == set()


class TestARunThatFails:
    def test_leaves_the_last_one_whole(self, demo, demo_run, monkeypatch):
        before = {path.name: path.read_bytes() for path in demo_run.out.iterdir() if path.is_file()}

        def full(*_arguments, **_options):
            raise OutputError("the disk is full")

        monkeypatch.setattr(geoplan.report.folder.save, "write_report", full)
        with pytest.raises(OutputError, match="full"):
            demo.save(demo_run.out)
        assert [path.name for path in (demo_run.out / "runs").iterdir()] == [demo_run.folder.name]
        assert {path.name: path.read_bytes() for path in demo_run.out.iterdir() if path.is_file()} == before
