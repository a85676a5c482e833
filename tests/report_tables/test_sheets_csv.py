"""CSV: names for programs, numbers as the tables hold them, opens in Excel as Chinese, and never runs."""

import csv
import io
import json

import frictionless
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report.content import titles
from geoplan.report.content.registry import tables
from geoplan.report.content.table import Amount
from geoplan.report.workbook import csv_files as sheets_csv
from geoplan.words.numbers import FORMATS


def rows(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_files_bom_line_ends_and_names_for_programs(make, tmp_path):
    *paths, described = sheets_csv.write_csv(make(), tmp_path)
    assert described.name == "datapackage.json"
    for path in paths:
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.count(b"\r\n") == data.count(b"\n")
    for table in tables(make(), "csv"):
        names, *body = rows(tmp_path / f"{table.key}.csv")
        assert names[-1] == "remarks"
        assert len(set(names)) == len(names)
        assert all(name.isascii() and name.replace("_", "").isalnum() for name in names)
        assert {row[-1] for row in body} <= {"演示数据，不作为决策依据"}


def test_a_real_study_has_no_remark(make, tmp_path):
    sheets_csv.write_csv(make(synthetic=False), tmp_path)
    assert {row[-1] for row in rows(tmp_path / "gap_list.csv")[1:]} == {""}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_package_is_valid_by_its_own_validator(make, tmp_path, lang):
    outcome = make(lang=lang)
    *paths, described = sheets_csv.write_csv(outcome, tmp_path)
    report = frictionless.validate(str(described))
    assert report.valid, report.flatten(["title", "fieldName", "note"])
    assert [task.name for task in report.tasks] == [path.stem for path in paths]
    record = json.loads(described.read_text(encoding="utf-8"))
    assert (record["title"], record["year"], record["watermark"]) == (
        outcome.name,
        2025,
        titles.banner(outcome),
    )
    assert record["description"] == titles.basis_line(outcome)
    assert {source["title"] for source in record["sources"]} == set(titles.attribution(outcome.sources))
    for table, resource in zip(tables(outcome, "csv"), record["resources"], strict=True):
        assert resource["title"] == table.title
        assert resource.get("description", "") == "\n".join(table.notes)
        types = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        assert all(
            types[column.key] == "number"
            for column in table.columns
            if column.format == "count" and not column.interval
        )


def test_the_package_tells_what_codes_mean(make, tmp_path):
    *_, described = sheets_csv.write_csv(make(), tmp_path)
    record = json.loads(described.read_text(encoding="utf-8"))
    fields = {field["name"]: field for field in record["resources"][0]["schema"]["fields"]}
    assert {"value": "flagged", "label": "短板"} in fields["flagged"]["categories"]


def test_pandas_reads_every_file_as_the_table_holds_it(make, tmp_path):
    outcome = make()
    sheets_csv.write_csv(outcome, tmp_path)
    for table in tables(outcome, "csv"):
        frame = pd.read_csv(tmp_path / f"{table.key}.csv", encoding="utf-8-sig", dtype={"zone_code": str})
        assert len(frame) == len(table.rows)
        for column in table.columns:
            fields = sheets_csv.field_names(column)
            for end, field in zip(("low", "high"), fields, strict=False):
                for cell, found in zip(table.cells(column.key), frame[field], strict=True):
                    if isinstance(cell, Amount):
                        assert found == pytest.approx(getattr(cell, end), abs=1e-6)
                    elif column.format in FORMATS:
                        assert pd.isna(found)  # no number, whatever word stands there


def test_the_gap_list_in_numbers(make, tmp_path):
    outcome = make()
    sheets_csv.write_csv(outcome, tmp_path)
    frame = pd.read_csv(tmp_path / "gap_list.csv", encoding="utf-8-sig")
    assert frame["shortfall"].tolist() == outcome.gap_list["shortfall"].tolist()


def test_golden_findings(make, tmp_path):
    sheets_csv.write_csv(make(lang="en"), tmp_path)
    frame = pd.read_csv(tmp_path / "findings.csv", encoding="utf-8-sig", keep_default_na=False)
    kept = ["indicator", "actual_low", "actual_high", "target", "completion_low", "shortfall", "verdict"]
    assert frame[kept].astype(str).to_numpy().tolist() == [
        ["Beds per 1,000 elders", "27.1", "inf", "≥50", "0.542", "", "no_data"],
        ["Places for under-threes per 1,000 residents", "4.1", "4.1", "≥4.5", "0.911111", "8", "not_met"],
        ["15-minute eldercare circle", "0.78", "0.78", "", "", "", "not_quantified"],
        ["15-minute childcare circle", "0.81", "0.81", "", "", "", "not_quantified"],
        ["Urban communities with childcare", "0.25", "0.25", "≥50.0%", "0.5", "3", "not_met"],
        ["Nursing share of institution beds", "0.66", "0.66", "≥65.0%", "1.015385", "", "met"],
    ]


STARTS = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠", "", "a", "'"])


@given(STARTS, st.text(max_size=5))
def test_nothing_that_starts_a_formula_starts_a_cell(start, rest):
    shown = sheets_csv.harmless(start + rest)
    assert shown.lstrip()[:1] not in ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    assert shown[:1] not in ("\t", "\r", "\n")
    assert shown.removeprefix("'") in (start + rest, (start + rest).removeprefix("'"))


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1", "\t=1", "\r=1"])
def test_names_from_a_register_never_run(make, tmp_path, name):
    import dataclasses

    outcome = make()
    nasty = dataclasses.replace(outcome, name=name, zones=outcome.zones.assign(name=name), synthetic=False)
    gaps = outcome.gap_list.assign(town=name, community=name, cause="")
    *paths, _described = sheets_csv.write_csv(dataclasses.replace(nasty, gap_list=gaps), tmp_path)
    for path in paths:
        for row in rows(path):
            for cell in row:
                number = cell.lstrip("-").replace(".", "", 1).isdigit()
                assert number or cell[:1] not in ("=", "+", "-", "@", "\t", "\r")


def test_same_outcome_same_bytes(make, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        sheets_csv.write_csv(make(), tmp_path / folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
