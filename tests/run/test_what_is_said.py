"""What the command line says of lists: the columns that it recognised, problems by kind, and how a run ends."""

import csv
import re
from pathlib import Path

import pytest
import typer.testing
import yaml

from geoplan.cli.commands import app
from geoplan.cli.demo import demo_study, write_new
from geoplan.inputs.facilities.fields import FIELDS
from geoplan.pipeline.gather import recognised_columns
from geoplan.study.study import read_study


def invoke(*arguments):
    done = typer.testing.CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


def test_the_columns_of_every_list_are_printed_ready_to_be_copied():
    said = invoke("check", demo_study(), "--columns")
    block = yaml.safe_load(said)
    assert {part: len(lists) for part, lists in block.items()} == {
        "facilities": 2,
        "projects": 1,
        "siting.candidates": 1,
    }
    first = block["facilities"][0]
    assert first["file"] == "huzhong_eldercare_register.xlsx"
    assert first["columns"]["beds"] == "床位数"
    assert set(first["columns"]) <= set(FIELDS)
    assert "备注" in said.split("\n  - file")[1]
    # what is copied reads the same, the datum of the headers included
    study = read_study(demo_study())
    mapped = [
        entry.changed(columns=lists["columns"])
        for entry, lists in zip(study.facilities, block["facilities"], strict=True)
    ]
    before, after = (
        [(found.header, found.datum) for part, _, found in recognised_columns(s) if part == "facilities"]
        for s in (study, study.changed(facilities=mapped))
    )
    assert before == after


def test_problems_of_one_kind_are_one_line_and_all_of_them_a_file(tmp_path):
    study = write_new(tmp_path / "town")
    register = next((tmp_path / "town").rglob("huzhong_childcare_register_gb18030.csv"))
    lines = register.read_text(encoding="gb18030").splitlines()
    place = lines[0].split(",").index("托位数")
    more = [line.split(",") for line in (lines[1:] * 40)[:30]]
    for number, cells in enumerate(more):
        cells[0], cells[place] = f"第{number}园", "若干"
    register.write_text("\n".join([*lines, *map(",".join, more)]), encoding="gb18030")
    said = invoke("check", study, "--lang", "en")
    kinds = [line for line in said.splitlines() if "30 such" in line]
    assert len(kinds) == 1
    assert kinds[0].count("若干") == 3
    where = re.search(r"all of them: (\S+check\.csv)", said)[1]
    with Path(where).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(row["code"] == "amount_unreadable" for row in rows) == 30


@pytest.mark.parametrize("words", [("警告", "最重要")])
def test_a_run_ends_with_its_warnings(demo_run, words):
    ends = demo_run.said[demo_run.said.index("run.json") :]
    with (demo_run.out / "warnings.csv").open(encoding="utf-8-sig", newline="") as file:
        count = sum(row["severity"] != "info" for row in csv.DictReader(file))
    assert all(word in ends for word in words)
    assert f"{count:,}" in ends
    assert "warnings.csv" in ends
    assert "community/" not in ends
