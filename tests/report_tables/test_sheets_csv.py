"""CSV: opens in Excel as Chinese, says whose figures they are, and never runs."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.report import look
from geoplan.report.workbook import csv_files as sheets_csv


def rows(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_files_bom_line_ends_and_first_line(make, tmp_path):
    outcome = make()
    paths = [p for p in sheets_csv.write_csv(outcome, tmp_path) if p.name in sheets_csv.csv_sheets(outcome)]
    names = [p.name for p in paths]
    assert names[:4] == ["gap_list.csv", "communities.csv", "indicators.csv", "circle.csv"]
    for path in paths:
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.count(b"\r\n") == data.count(b"\n")
        first = rows(path)[0]
        assert len(first) == 1
        assert look.basis_line(outcome) in first[0]
        assert "2025" in first[0]
        assert first[0].startswith("演示数据，不作为决策依据")


def test_numbers_are_plain_and_rows_match_the_list(make, tmp_path):
    outcome = make()
    path = next(p for p in sheets_csv.write_csv(outcome, tmp_path) if p.name == "gap_list.csv")
    _, headers, *body = rows(path)
    assert len(body) == len(outcome.gap_list)
    assert [float(row[headers.index("缺口")]) for row in body] == outcome.gap_list["shortfall"].tolist()


def test_golden_indicators(make, tmp_path):
    paths = {p.name: p for p in sheets_csv.write_csv(make(lang="en"), tmp_path)}
    _, headers, *body = rows(paths["indicators.csv"])
    kept = [headers.index(h) for h in ("Indicator", "Actual", "Target", "Completion", "Shortfall", "Verdict")]
    assert [[row[k] for k in kept] for row in body] == [
        ["Beds per 1,000 elders", "≥ 27.1", "≥50", "≥ 54.2%", "", "No data"],
        ["Places for under-threes per 1,000 residents", "4.1", "≥4.5", "0.9111", "8", "Not met"],
        ["15-minute eldercare circle", "0.78", "", "", "", "Not quantified"],
        ["15-minute childcare circle", "0.81", "", "", "", "Not quantified"],
        ["Urban communities with childcare", "0.25", "≥50.0%", "0.5", "3", "Not met"],
        ["Nursing share of institution beds", "0.66", "≥65.0%", "1.0154", "", "Met"],
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
    for path in sheets_csv.write_csv(dataclasses.replace(nasty, gap_list=gaps), tmp_path):
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
