"""The demo, run once as a planner runs it, and copies of its inputs for tests that change them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
import typer.testing

from geoplan.cli.commands import app
from geoplan.cli.demo import demo_study, write_new
from geoplan.pipeline.evaluate import run
from geoplan.study.study import read_study

ROOT = Path(__file__).parents[2]
ELDERCARE, CHILDCARE = "huzhong_eldercare_register.xlsx", "huzhong_childcare_register_gb18030.csv"


class DemoRun(NamedTuple):
    """The folder of results, the run's own folder in it, and what was printed."""

    out: Path
    folder: Path
    said: str


class Town:
    """A copy of the demo as ``geoplan new`` writes it, with hands to change its files."""

    def __init__(self, folder):
        self.study = write_new(folder)
        self.data = folder / "data"

    def run(self):
        return run(read_study(self.study))

    def rewrite(self, file, old, new, *, encoding="utf-8", count=1):
        """Replace `old`, which stands `count` times in the file (None: however often)."""
        path = self.data / file if file != "study.yaml" else self.study
        text = path.read_bytes().decode(encoding)
        assert text.count(old) == (count or text.count(old)) > 0
        path.write_bytes(text.replace(old, new).encode(encoding))

    def set_cell(self, name, column, was, value):
        """Set one cell of the eldercare register, in the row of the facility named."""
        book = openpyxl.load_workbook(self.data / ELDERCARE)
        page = book.active
        headers = [cell.value for cell in page[1]]
        row = next(row for row in page.iter_rows(min_row=2) if row[0].value == name)
        cell = row[headers.index(column)]
        assert cell.value == was
        cell.value = value
        book.save(self.data / ELDERCARE)


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path / "town")


@pytest.fixture(scope="module")
def demo():
    """Return the demo's result, not saved."""
    return run(read_study(demo_study()))


@pytest.fixture(scope="session")
def command():
    """Return a call of the command line in this process: what it printed and its exit code."""
    runner = typer.testing.CliRunner()

    def call(*arguments):
        return runner.invoke(app, [str(argument) for argument in arguments])

    return call


@pytest.fixture(scope="session")
def shell():
    """Return a call of the command line in a process of its own, under an encoding of the console."""

    def call(*arguments, encoding="utf-8", **environment):
        return subprocess.run(
            [sys.executable, "-c", "from geoplan.cli.commands import main; main()", *map(str, arguments)],
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", **environment},
            capture_output=True,
            check=False,
        )

    return call


@pytest.fixture(scope="module")
def demo_run(command, tmp_path_factory):
    """Run ``geoplan demo``; return its folder of results, the run's own folder and what was printed."""
    out = tmp_path_factory.mktemp("demo") / "out"
    done = command("demo", "--out", out)
    assert done.exit_code == 0, done.output
    runs = list((out / "runs").iterdir())
    assert len(runs) == 1
    yield DemoRun(out, runs[0], done.output)
    shutil.rmtree(out)


@pytest.fixture(scope="module")
def english(command, tmp_path_factory):
    """Run ``geoplan demo`` in English; return its folder of results and what was printed."""
    out = tmp_path_factory.mktemp("english")
    done = command("demo", "--lang", "en", "--out", out)
    assert done.exit_code == 0, done.output
    return out, done.output
