"""The filed run: named, told, compared with by later runs, and what returned gap lists are matched with."""

import dataclasses
import json
import shutil

import openpyxl
import pytest
from report_town import make_outcome

from geoplan.cli.demo import demo_study
from geoplan.pipeline import evaluate
from geoplan.report.content.gaps import gap_list
from geoplan.report.folder.delivery import delivery
from geoplan.report.folder.filed import FILED, filed_run, former_run, told_against
from geoplan.report.folder.store import write_outcome
from geoplan.report.workbook.workbook import write_workbook


def publish(outcome, out, stamp):
    """Publish a run that holds the gap list and the stored outcome."""
    with delivery(out, stamp=stamp) as made:
        write_workbook((gap_list(outcome),), outcome, made.folder / "gap_list.xlsx")
        write_outcome(outcome, made.folder)
    return made.run


@pytest.fixture(scope="module")
def outcome():
    return make_outcome()


@pytest.fixture(scope="module")
def less(outcome):
    """The same without the first row of the gap list."""
    rest = outcome.gap_list.iloc[1:].reset_index(drop=True)
    return dataclasses.replace(outcome, gap_list=rest.assign(serial=range(1, len(rest) + 1)))


@pytest.fixture(scope="module")
def two_runs(outcome, less, tmp_path_factory):
    """A folder with run `a`, and run `b` that is the latest and has a row less."""
    out = tmp_path_factory.mktemp("two") / "out"
    publish(outcome, out, "a")
    publish(less, out, "b")
    return out


@pytest.fixture
def out(two_runs, tmp_path):
    return shutil.copytree(two_runs, tmp_path / "out")


@pytest.fixture
def returned(out, tmp_path):
    """The first row of run `a` confirmed, in a folder of its own."""
    book = openpyxl.load_workbook(out / "runs" / "a" / "gap_list.xlsx")
    page = book.active
    head = next(row for row in page.iter_rows() if row[0].value == "序号")
    at = {cell.value: cell.column for cell in head}
    page.cell(head[0].row + 1, at["街道核实意见"]).value = "属实"
    (tmp_path / "mail").mkdir()
    book.save(tmp_path / "mail" / "街道.xlsx")
    return tmp_path / "mail" / "街道.xlsx"


@pytest.fixture
def runs(monkeypatch, outcome):
    """Let a run take no time: it publishes the stored outcome."""

    class Result:
        def __init__(self):
            self.outcome = outcome

        def save(self, out, *, stages):  # noqa: ARG002 - as Result.save
            return publish(outcome, out, "c")

    monkeypatch.setattr(evaluate, "run", lambda *_, **__: Result())


class TestFreeze:
    def test_the_latest_run_then_another_one(self, out, command):
        done = command("freeze", out, "--lang", "en")
        assert done.exit_code == 0, done.output
        assert "Filed: b" in done.output
        assert "No run was filed before" in done.output
        assert filed_run(out) == out / "runs" / "b"
        again = command("freeze", out, "--run", "a", "--lang", "zh")
        assert "定稿：a" in again.output
        assert "此前定稿的是 b" in again.output
        assert f"geoplan freeze {out} --run" in again.output.replace("\n", "")
        assert filed_run(out) == out / "runs" / "a"
        assert "此前已定稿" in command("freeze", out, "--run", "a", "--lang", "zh").output

    @pytest.mark.parametrize("run", ["c", "", "..", "../runs/a", ".a.part"])
    def test_what_is_no_run_is_refused_and_the_others_are_named(self, out, command, run):
        command("freeze", out, "--run", "a")
        (out / "runs" / "empty").mkdir()
        done = command("freeze", out, "--run", run)
        assert done.exit_code != 0
        assert "a" in str(done.exception)
        assert "b" in str(done.exception)
        assert filed_run(out) == out / "runs" / "a"

    def test_a_folder_without_runs(self, tmp_path, command):
        assert command("freeze", tmp_path).exit_code != 0
        assert not (tmp_path / FILED).exists()

    def test_a_filed_run_that_is_gone_is_said(self, out, command):
        command("freeze", out, "--run", "a")
        shutil.rmtree(out / "runs" / "a")
        assert (filed_run(out), told_against(out).code) == (None, "filed_gone")
        assert "已不在" in command("freeze", out, "--lang", "zh").output


class TestALaterRun:
    @pytest.mark.usefixtures("runs")
    def test_is_told_against_the_filed_one_and_says_so(self, out, command):
        before = former_run(out, "zh")
        assert "b" in before.name  # the latest
        assert "定稿" not in command("run", demo_study(), "--out", out).output
        command("freeze", out, "--run", "a")
        former = former_run(out, "zh")
        assert former.name == "定稿（a）"
        assert len(former.outcome.gap_list) == len(before.outcome.gap_list) + 1
        done = command("run", demo_study(), "--out", out)
        assert "变化均与定稿 a 比较" in done.output
        assert former_run(out, "en").name == "the filed run (a)"

    @pytest.mark.usefixtures("runs")
    def test_of_which_the_filed_one_cannot_be_read(self, out, command):
        command("freeze", out, "--run", "a")
        stored = out / "runs" / "a" / "outcome" / "outcome.json"
        stored.write_text(json.dumps({"format": 99}), encoding="utf-8")
        assert former_run(out, "zh") is None
        assert "无法读取" in command("run", demo_study(), "--out", out).output

    def test_without_a_former_one(self, tmp_path):
        assert former_run(tmp_path, "zh") is None
        assert told_against(tmp_path) is None


class TestConfirm:
    def test_matches_with_the_latest_run_then_with_the_filed_one(self, out, returned, command):
        done = command("confirm", returned, "--run", out)
        assert done.exit_code == 0, done.output
        assert "在对照结果中没有" in done.output
        assert "上次运行（b）" in done.output
        command("freeze", out, "--run", "a")
        done = command("confirm", returned, "--run", out, "--lang", "en", "--out", out.parent / "found")
        assert done.exit_code == 0, done.output
        assert "the filed run (a)" in done.output
        assert "not in the run" not in done.output
        assert (out.parent / "found" / "confirm.xlsx").is_file()
        assert (out / "confirm" / "confirm.csv").is_file()
        # what a run published stands beside it as it was
        assert json.loads((out / "latest.json").read_text(encoding="utf-8"))["run"] == "b"

    def test_in_the_folder_of_the_file(self, out, returned, command):
        shutil.copy(returned, out / "街道.xlsx")
        assert command("confirm", out / "街道.xlsx").exit_code == 0
        assert (out / "confirm" / "confirm.xlsx").is_file()
        # a run's own folder is that run
        assert "（a）" in command("confirm", returned, "--run", out / "runs" / "a").output

    def test_where_there_is_no_run(self, returned, command):
        done = command("confirm", returned)
        assert done.exit_code != 0
        assert "--run" in str(done.exception)
        assert not (returned.parent / "confirm").exists()

    def test_a_workbook_without_the_sheet(self, out, returned, command):
        book = openpyxl.load_workbook(returned)
        book.create_sheet("说明").append(["请填写"])
        del book["缺口清单"]
        book.save(returned)
        done = command("confirm", returned, "--run", out)
        assert done.exit_code != 0
        assert "街道核实意见" in str(done.exception)
        assert not (out / "confirm").exists()
